// The nouns that several modules of the page share; an instant is a number of ms since 1970 in UTC.
// What the API takes and answers is in shapes.d.ts.

import type * as api from "./shapes";

/** A recording; `end` is null while that is not known. */
export interface Source extends api.Source {
  start: number;
  end: number | null;
}

/** What asking for a picture needs; with a version, or the sum that it is made of, it may be kept for good. */
export interface Pictured {
  id: number;
  version?: string | null;
  sha256?: string;
}

/** A picture that was kept. */
export interface Frame extends Pictured {
  colour: string;
  width: number;
  height: number;
}

/** An interval during which one frame stands for what the recording shows. */
export interface Span {
  start: number;
  end: number;
  frame: Frame;
}

export interface Word extends Omit<api.Word, "start" | "end"> {
  start: number;
  end: number;
}

/** A row of the timeline with its instants as numbers; a note has no words. */
export type Timed<Row> = Omit<Row, "start" | "end" | "words"> & { start: number; end: number; words: Word[] };

/** A line of speech. */
export type Line = Timed<api.Segment>;

/** A note, and the ETag of the state in which it was read. */
export type Note = Timed<api.Note> & { etag?: string | null };

/** A line of text on a picture that is so large. */
export interface Shown extends Omit<api.ScreenText, "start" | "end"> {
  start: number;
  end: number;
  wide: number;
  high: number;
}

/** Recordings that share a row of the timeline; `plain` is 1 where no place or device names it. */
export interface Lane {
  key: string;
  name: string;
  about: string;
  plain: number;
  sources: Source[];
}

export interface Range {
  from: number;
  to: number;
}

/** Left, top, width and height as shares of a picture. */
export type Region = [number, number, number, number];

/** Where something was found. */
export interface Mark {
  at: number;
  source: number | null;
}

export type Screen = "day" | "search" | "intake" | "system";

/** What the URL says; `zoom` in seconds of timeline. */
export interface Place {
  screen: Screen;
  at: number | null;
  source: number | null;
  zoom: number | null;
  q: string;
  kind: string;
  within: string;
  of: number | null;
  sort: string;
  range: Range | null;
}

/** What a screen can ask of the page. */
export interface Wish {
  /** Go to the instant, in a recording where one is named. */
  go(at: number, source: number | null, how?: { playing?: boolean }): void;
  /** Look there without leaving the screen. */
  look(at: number, source: number | null): void;
  /** Open a recording at its begin. */
  open(id: number): void;
  step(way: number): void;
  mark(marks: Mark[]): void;
  /** Tell a person something for a while. */
  tell(words: string): void;
  /** Let a person choose files. */
  choose(): void;
  /** Show the recordings of doubtful time. */
  fix(): void;
  range(range: Range | null): void;
  /** Ask whether all of the range is to go; true once it is gone. */
  erase(range: Range, source?: Source | null): Promise<boolean>;
  /** Something was covered. */
  covered(): Promise<void>;
  /** Copy the address of this instant. */
  copy(): Promise<void>;
}

/** What stands inside an element; null and false are left out, text becomes text. */
export type Child = Node | string | false | null | undefined | Child[];

type Value = string | number | boolean | null | undefined;

type Listeners = { [Name in keyof HTMLElementEventMap as `on${Name}`]?: (event: HTMLElementEventMap[Name]) => unknown };

/** Attributes and listeners of an element as the page makes them. */
export interface Attributes extends Listeners {
  accept?: Value;
  alt?: Value;
  autocapitalize?: Value;
  autocomplete?: Value;
  autofocus?: Value;
  checked?: Value;
  class?: Value;
  datetime?: Value;
  disabled?: Value;
  download?: Value;
  draggable?: Value;
  for?: Value;
  hidden?: Value;
  high?: Value;
  href?: Value;
  id?: Value;
  lang?: Value;
  loading?: Value;
  max?: Value;
  maxlength?: Value;
  min?: Value;
  multiple?: Value;
  name?: Value;
  placeholder?: Value;
  playsinline?: Value;
  popover?: Value;
  preload?: Value;
  readonly?: Value;
  required?: Value;
  role?: Value;
  rows?: Value;
  selected?: Value;
  spellcheck?: Value;
  src?: Value;
  step?: Value;
  tabindex?: Value;
  title?: Value;
  type?: Value;
  value?: Value;
  webkitdirectory?: Value;
  [aria: `aria-${string}`]: Value;
  [data: `data-${string}`]: Value;
}
