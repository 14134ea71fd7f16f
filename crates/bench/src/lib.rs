//! Our own benchmarks, against our own reference. It is empty until there is something to speed up; the page's time from
//! `open()` to its first hits is measured by `scripts/bench-open.mjs`.
