// Package hugepage has the heap grow in memory for which the system is asked to use
// huge pages. What is used here and there costs the processor one more look-up for
// each ordinary page, and the system a fault for each new one.
package hugepage
