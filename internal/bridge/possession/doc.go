// Package possession lets a node prove that it holds what it was given: the tree over every object's 64 KiB chunks, the set of every SLA with its root, the signed usage
// statements that carry the root, and the answers to challenges (docs/spec/protocols.md, "Usage statement", "Possession").
//
// Nothing of it is on the path of a write. The engine's feed of changes is followed: deletions and replacements leave the set at once, new objects are read and hashed one after
// the other and then join it; usually within a second or two, always before the next statement but one as long as the disk can read what is written. What is hashed is kept, so a restart goes on
// where it was; only an object that was being hashed is begun again.
//
// Kept are, in an embedded ordered store: 32 bytes for each chunk of objects of more than 16 chunks (smaller ones are read again when they are asked for), about 200 bytes for each object, the statements of
// the last epochs; and, in a file each, the sets of the last few statements with their trees, so that an answer costs a few reads however large the set is. Memory is bounded and does not
// grow with objects or their number.
//
// Objects are kept by space: the SLA under which the data came to the node first. An SLA that takes a space over has sets and statements of its own over the same objects, whose ids do not
// change, so that nothing is hashed or written again for it.
//
// It relies on the engine's sequence numbers never going back. With object.Relaxed, power loss can take them back: remove the folder then, it is made again.
package possession
