/** Rate and time left of a job, from what was seen lately: pauses do not count, and nothing is guessed early. */

/** Samples are taken at least this far apart, in milliseconds. */
const SAMPLE_EVERY = 200;

/** Kept: about ten seconds. */
const SAMPLES = 50;

/** Before there is this much evidence, nothing is said. */
const EVIDENCE = 1000;

interface Sample {
  time: number; // milliseconds
  done: number;
  rows: number;
}

export class Pace {
  #samples: Sample[] = [];

  /** `done` units and `rows` rows by now. */
  sample(now: number, done: number, rows: number): void {
    const last = this.#samples.at(-1);
    if (last === undefined || now - last.time >= SAMPLE_EVERY) {
      this.#samples.push({ time: now, done, rows });
      if (this.#samples.length > SAMPLES) {
        this.#samples.shift();
      }
    }
  }

  /** After a pause: what was seen before it stays out of the rate across it. */
  restart(): void {
    this.#samples = [];
  }

  /** Rows a second over what is kept; null without evidence. */
  rate(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.time - first.time < SAMPLE_EVERY) {
      return null;
    }
    return ((last.rows - first.rows) * 1000) / (last.time - first.time);
  }

  /** Seconds until `total`, by the median time of a unit, so that one hiccup does not show; null without evidence. */
  secondsLeft(total: number): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.time - first.time < EVIDENCE) {
      return null;
    }
    const times: number[] = [];
    for (let i = 1; i < this.#samples.length; i += 1) {
      const a = this.#samples[i - 1];
      const b = this.#samples[i];
      if (a !== undefined && b !== undefined && b.done > a.done) {
        times.push((b.time - a.time) / (b.done - a.done));
      }
    }
    times.sort((a, b) => a - b);
    const median = times[times.length >>> 1];
    return median === undefined ? null : (Math.max(total - last.done, 0) * median) / 1000;
  }
}
