// Package reports says what was found: results become a [Document], and a Document becomes bytes.
//
//  1. [Replay] arranges the results of a replay: tables for people, one tidy table for spreadsheets, one value for programs.
//  2. [Write] renders a Document as text, json, csv, markdown or html; [Text], [JSON], [CSV], [Markdown] and [HTML] are its parts.
//  3. [Drift] arranges a period against a baseline.
//  4. [Report] composes the monthly report of all of them, and [ParseReport] reads its file again.
//  5. [Strategy] arranges a curve, [StrategyPicture] draws it, and [WritePicture] writes any [Picture] as svg, png, pdf or a
//     specification of Vega-Lite.
//  6. [Files] makes what stands beside a report: its tables as csv and json, its figures as svg, png and Vega-Lite.
//  7. [Explorer] writes the interactive page, which counts in the browser: assets/explore has its scripts, and explore_data.go what
//     they read.
//
// N kinds of result and M formats meet in Document alone. The bytes depend on the document only: no clock, no locale, no
// environment variable.
package reports
