// Package meter counts what every SLA uses of a Bridge Node, and refuses what its terms do not cover before bytes are moved.
//
// It counts, per SLA: bytes in, bytes out, and the integral of stored bytes over time. Stored bytes themselves are the engine's to count and to bound
// (object.Store.SetLimit, Usage); the meter reads them at each change.
//
// # How exact
//
// Counters live in a file that is mapped into memory and shared with the kernel, so what was counted outlives the process at once: a clean restart and kill -9
// lose nothing that was counted, without a system call on the path of a request. Each account has two slots, written in turn, each with a sequence number and a
// checksum, so a write that was cut off leaves the state before it. What kill -9 leaves open:
//
//   - Egress is counted when the kernel has taken the bytes, in steps of at most 1 MiB (outStep). Bytes of a step that was cut off are not counted: less than 1 MiB for
//     each answer that was being sent. Nothing is ever counted that was not handed to the kernel, so never more than was admitted.
//   - Ingress and stored bytes are counted before a write is acknowledged: exact for every acknowledged write. A write that was committed but not yet
//     acknowledged when the process died counts as stored from the last moment that the process was known to be alive, which is at most a second before.
//
// Power loss and a crash of the kernel lose what was not yet written back: the file is synchronised each 50 ms while it changes (syncEvery). Stored bytes are the engine's,
// which are as durable as it is configured.
//
// The integral is exact: bytes × nanoseconds in 128 bits, advanced at each change of the stored bytes and at each end of an epoch, rounded once, when a statement is
// made. It goes on while the node is down, since what is stored stays stored.
//
// # Whose time it is
//
// What is counted is a space, who counts it is an account, and each SLA has its own. When an SLA takes over the data of the one before it (Succeed), the space has two accounts: requests
// are the first one's until the second one's first moment and then the second one's, and the integral is cut at that very nanosecond. Reads that were admitted before it are the first
// one's to their end, a write is whose time it is when it ends. An account that is over (Limits.Until) keeps the figures of its last epoch, so that they can still be stated.
//
// It imports the object model, the front's words, the fault vocabulary and the operating system's file mapping.
package meter
