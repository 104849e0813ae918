/** The room of what is asked about groups of rows, and of files written of them. */
export { CloserReadings } from './closer-readings.ts';
export { Measurements } from './measurements.ts';
export { select } from './select.ts';
