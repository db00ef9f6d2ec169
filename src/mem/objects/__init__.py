"""Object storage: an S3 bucket that holds closed files, and what is kept of them on this machine.

A file that went into the bucket leaves a small one in its place, its pointer, which says where it lies, how
long it is and what each block of it adds up to. So every byte that comes back is compared with what was
written, a single picture costs the blocks that hold it, and who lists a folder needs no bucket for it.
"""
