// Package filesystem keeps objects as files below one directory: the object with
// the key "a/b" is the file a/b, nothing else, so that other programs that know
// the same tree (a registry on its volume) can read it and be read.
//
// # On disk
//
// What the driver needs for itself is in the directory .registrykit: uploads/
// with one file for each upload and, where it can be resumed, one with its key;
// and locks/ with some files that are never written to. All of it may be deleted
// while no program is using the tree. It comes into being with the first change;
// a driver that only reads writes nothing.
//
// The whole tree must be one file system, since a commit is a link or a rename.
// File systems without hard links will do: IfAbsent then counts on the locks.
//
// # What holds against whom
//
// A commit writes the upload's file, syncs it, links or renames it into place,
// and syncs the directory. So an object is there whole or not at all, whatever
// dies when, and IfAbsent has one winner against every program, because link(2)
// has. IfVersion, and a replacement or deletion beside it, take a lock (flock)
// that all users of this driver share, on one machine or on a network file system
// that shares such locks; a program that changes the same file without this
// driver can come between the look and the change.
//
// A version is made of the inode's number, the time of the last change, which
// each commit sets to the nanosecond, and the size. [Driver.Move] keeps it.
//
// # Hostile trees
//
// Access goes through an [os.Root], and where objects are opened to read on Linux,
// through openat2(2), which refuses the same. Symbolic links are neither followed nor
// replaced, not even those that stay inside: a key has one object. They, devices,
// sockets, and names that are no keys are storage.ErrForeign, and end a listing
// that comes upon them.
package filesystem
