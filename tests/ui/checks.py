"""Questions to ask a page in its own language: what has no name, what is too faint, what sticks out."""

# Names of controls, double ids, headings and alternatives of pictures.
UNNAMED = """() => {
    const controls = 'button, a[href], input, select, textarea, [role=group], dialog, section[aria-label]';
    const seen = (each) => each.checkVisibility({ visibilityProperty: true })
        && !each.closest('[aria-hidden=true]');
    const named = (each) => document.getElementById(each.getAttribute('aria-labelledby'))?.textContent;
    const name = (each) => each.getAttribute('aria-label') || each.textContent.trim()
        || each.labels?.[0]?.textContent.trim() || named(each);
    const wrong = [...document.querySelectorAll(controls)]
        .filter((each) => seen(each) && !name(each)).map((each) => each.outerHTML.slice(0, 120));
    const ids = [...document.querySelectorAll('[id]')].map((each) => each.id);
    wrong.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `twice: ${id}`));
    wrong.push(...[...document.querySelectorAll('img:not([alt])')].map((each) => each.outerHTML));
    wrong.push(...[...document.querySelectorAll('main > section:not([hidden])')]
        .filter((each) => !each.querySelector('h1')).map((each) => `no heading: ${each.id}`));
    return wrong;
}"""
# Contrast of every text that can be seen with the first opaque background behind it: 4.5, or 3 where large.
FAINT = """() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data;
    };
    const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => [r, g, b].map((v) => linear(v / 255))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (each) => {
        for (let at = each; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return rgba('white');
    };
    const wrong = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const each = node.parentElement;
        const seen = each.checkVisibility({ opacityProperty: true, visibilityProperty: true });
        if (!node.data.trim() || !seen) continue;
        if (each.closest('.legend, .controls, .unseen, .skip, option, :disabled')) continue;
        const style = getComputedStyle(each);
        const [a, b] = [light(rgba(style.color)), light(behind(each))].sort((x, y) => y - x);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.6 && style.fontWeight >= 700);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < (large ? 3 : 4.5)) wrong.push(`${ratio.toFixed(2)}: ${node.data.trim().slice(0, 40)}`);
    }
    return wrong;
}"""
# Controls that stand beyond the right edge.
STUCK = """[...document.querySelectorAll('button, a[href], input, select')]
    .filter((each) => each.checkVisibility() && !each.closest('.unseen, .others, .skip'))
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .map((each) => each.outerHTML.slice(0, 100))"""
