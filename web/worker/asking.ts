/** The room of what is asked about groups of rows, and of files written of them. */
export { exportCsv } from './export-csv.ts';
export { Measurements } from './measurements.ts';
export { select } from './select.ts';
