// Package dataset reads what Trustfull said of a record and what happened next, from JSON lines, Parquet and CSV, into
// typed columns.
//
//  1. Open resolves names to inputs and recognises each file's format by its content.
//  2. Field and Mapping say which values are wanted and where they may be; nothing else is decoded, so personal data that
//     nobody asked for never enters the program.
//  3. Scan.Next fills a Batch with the next records; any number of goroutines call it.
//  4. Labels joins outcomes from other files.
//  5. Scan.Account tells what became of every record: read = replayed + rejected, by Issue.
//  6. A Saved describes a saved cube, whose rows stand for several records each: PeekSaved recognises one, a SavedWriter makes
//     one, and a Scan reads it as any history, with Batch.Weights.
//  7. Discover lists the fields that a history has, Convert rewrites a history as compact Parquet, and Synth makes one up
//     whose truth is known.
package dataset
