/**
 * Positions of every row of a table by a model's code, brought up to date in blocks of rows, and sent as frames
 * in buffers that the page has lent. A sweep goes over all rows once, by the weights as they were when it began:
 * however many steps it is spread over, its picture is of one moment. A frame is sent when a sweep is through;
 * only where that takes longer than a person waits, also in between, with rows of two sweeps.
 *
 * Codes may be drawn through a similarity, `align`. While the map follows (a model that begins again), each whole
 * sweep finds the one that lays its codes onto the map as it was drawn before; the last one stays. It is for two
 * axes of the code: on others codes are drawn as they are, and back on those it is there again.
 */
import { type Ae, EVALUATE_ROWS } from '../kernels/ae.ts';
import type { Align, Frame, Id } from '../protocol/messages.ts';
import { type Aligner, alignLine, alignPlane } from './align.ts';
import type { View } from './runner.ts';

/** The rows that are shown: the address of a C `matrix`, and how many there are. */
export interface ShownRows {
  matrixPtr: number;
  n: number;
}

/** How codes become positions on two dimensions of the code. */
export interface Drawing {
  axes: [number, number];
  align: Align | null;
}

export function sameAxes(a: readonly [number, number], b: readonly [number, number]): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

export interface MapPort {
  now(): number; // milliseconds
  frame(frame: Frame): void; // its buffer is transferred
  aligner: Aligner;
}

/** Milliseconds between two frames that nobody waits for. */
const FRAME_EVERY = 33;

/** Milliseconds after which a sweep that is not through is shown all the same. */
const PATIENCE = 700;

/** Milliseconds that one call into the kernels should take at most. */
const CALL = 4;

/** Buffers that are kept for later frames. */
const LENT = 2;

/** A number in [-1/2, 1/2) that belongs to a row: the second coordinate where the code has only one. */
function spread(row: number): number {
  let h = Math.imul(row + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x100000000 - 0.5;
}

export class LiveMap implements View {
  readonly id: Id;
  readonly #port: MapPort;
  readonly #model: Ae;
  readonly #shown: ShownRows;
  readonly #codes: Float32Array; // (n, latent)
  readonly #errors: Float32Array; // (n)
  #axes: [number, number]; // that are shown
  #found: Drawing; // the last alignment, and the axes that it is for
  #reference: Float32Array | null = null; // (n, 2) what each whole sweep is laid onto, on the axes of `#found`
  #lent: ArrayBuffer[] = [];

  #cursor = 0; // rows done in this sweep
  #detail = true;
  #sweepStep = -1; // of the model when this sweep began

  #codesStep = -1; // all codes are of this step; -1: of two sweeps
  #errorsStep = -1;
  #drawn = false;
  #errorsKnown = false; // every row has an error, if perhaps an old one
  #news = false; // something changed since the last frame
  #errorNews = false;
  #lastFrame = Number.NEGATIVE_INFINITY;

  #perCall = 128;
  #plainRow = 0; // milliseconds a row
  #detailedRow = 0;

  constructor(id: Id, model: Ae, shown: ShownRows, drawing: Drawing, port: MapPort) {
    this.id = id;
    this.#model = model;
    this.#shown = shown;
    this.#axes = drawing.axes;
    this.#found = drawing;
    this.#port = port;
    this.#codes = new Float32Array(shown.n * model.latent);
    this.#errors = new Float32Array(shown.n);
  }

  get rows(): number {
    return this.#shown.n;
  }

  get drawn(): boolean {
    return this.#drawn;
  }

  get cost(): { plain: number; detailed: number } {
    return { plain: this.#plainRow * this.rows, detailed: this.#detailedRow * this.rows };
  }

  get axes(): [number, number] {
    return this.#axes;
  }

  /** The alignment and its axes; without one the axes that are shown. */
  get drawing(): Drawing {
    return this.#found.align === null ? { axes: this.#axes, align: null } : this.#found;
  }

  /** Draws the codes in this way from the next frame on, and follows nothing any more. */
  draw(drawing: Drawing): void {
    this.#found = drawing;
    this.#reference = null;
    this.choose(drawing.axes);
  }

  /** Other axes from the next frame on; what was found for the ones before is kept for them. */
  choose(axes: [number, number]): void {
    this.#axes = axes;
    this.#news = true;
  }

  /**
   * The model begins again: from now on each whole sweep is laid onto the map as it is drawn now, if it is, and
   * nothing is drawn before the first one.
   */
  follow(): void {
    this.#reference = this.#drawn ? this.positions() : null;
    this.#found = { axes: this.#axes, align: null };
    this.invalidate();
    this.#drawn = false;
    this.#errorsKnown = false;
    this.#lastFrame = Number.NEGATIVE_INFINITY;
  }

  /** The alignment stays as it is. */
  unfollow(): void {
    this.#reference = null;
  }

  /** Whether whole sweeps are laid onto an earlier map. */
  get follows(): boolean {
    return this.#reference !== null;
  }

  /** Keeps a buffer for a frame, if it is large enough and not one too many. */
  lend(buffer: ArrayBuffer): void {
    if (buffer.byteLength >= this.rows * 12 && this.#lent.length < LENT) {
      this.#lent.push(buffer);
    }
  }

  /** A sweep with detail that is under way keeps it: somebody waits for the errors. */
  restart(detail: boolean): void {
    this.#detail = detail || (this.#detail && this.#underWay);
    this.#cursor = 0;
  }

  /** Goes on with the sweep that is under way if it serves, else starts one. */
  aim(detail: boolean): void {
    const serves = this.#underWay && this.#sweepStep === this.#model.steps && (this.#detail || !detail);
    if (!serves) {
      this.restart(detail);
    }
  }

  get #underWay(): boolean {
    return this.#cursor > 0 && this.#cursor < this.rows;
  }

  advance(milliseconds: number): boolean {
    const start = this.#port.now();
    if (this.#cursor === 0) {
      this.#model.freeze();
      this.#sweepStep = this.#model.steps;
    }
    this.#codesStep = -1;
    this.#errorsStep = this.#detail ? -1 : this.#errorsStep;
    let before = start;
    while (this.#cursor < this.rows) {
      const count = Math.min(this.#perCall, this.rows - this.#cursor);
      this.#encode(this.#cursor, count);
      this.#cursor += count;
      const after = this.#port.now();
      this.#measure(after - before, count);
      before = after;
      if (after - start + CALL / 2 > milliseconds) {
        break;
      }
    }
    this.#news = true;
    this.#errorNews ||= this.#detail;
    if (this.#cursor < this.rows) {
      return false;
    }
    this.#drawn = true;
    this.#errorsKnown ||= this.#detail;
    this.#codesStep = this.#sweepStep;
    this.#errorsStep = this.#detail ? this.#sweepStep : this.#errorsStep;
    this.#realign();
    return true;
  }

  send(always: boolean): void {
    const now = this.#port.now();
    if (!this.#drawn) {
      return;
    }
    const whole = this.#codesStep !== -1;
    const wait = whole ? FRAME_EVERY : PATIENCE;
    if (!always && (!this.#news || this.#lent.length === 0 || now - this.#lastFrame < wait)) {
      return;
    }
    const n = this.rows;
    const buffer = this.#lent.pop() ?? new ArrayBuffer(n * 12);
    const withError = this.#errorsKnown && (this.#errorNews || always);
    this.#place(new Float32Array(buffer, 0, n * 2), this.#shows);
    if (withError) {
      new Float32Array(buffer, n * 8, n).set(this.#errors);
    }
    this.#lastFrame = now;
    this.#news = false;
    this.#errorNews = false;
    this.#port.frame({
      type: 'frame',
      map: this.id,
      rows: n,
      step: this.#sweepStep,
      epoch: this.#model.epochs,
      dims: 2,
      buffer,
      channels: {
        positions: { offset: 0, length: n * 2 },
        error: withError ? { offset: n * 8, length: n } : null,
      },
      fresh: [0, whole ? n : this.#cursor],
      whole,
    });
  }

  /** Codes of all rows, and errors if asked for, are of the model's present state. */
  isCurrent(detail: boolean): boolean {
    const { steps } = this.#model;
    return this.#codesStep === steps && (!detail || this.#errorsStep === steps);
  }

  /** Every row's code, copied, or null when they are not all of the model's present state. */
  codes(): Float32Array<ArrayBuffer> | null {
    return this.#codesStep === this.#model.steps ? this.#codes.slice() : null;
  }

  /** Every row's mean squared residual, or null likewise. */
  errors(): Float32Array<ArrayBuffer> | null {
    return this.#errorsStep === this.#model.steps ? this.#errors.slice() : null;
  }

  /** Where every row is drawn (n, 2), by the codes as they are known. */
  positions(): Float32Array<ArrayBuffer> {
    const positions = new Float32Array(this.rows * 2);
    this.#place(positions, this.#shows);
    return positions;
  }

  get #shows(): Drawing {
    const axes = this.#axes;
    return { axes, align: sameAxes(axes, this.#found.axes) ? this.#found.align : null };
  }

  /** The model was changed from outside: nothing known is of its present state, whatever its count of steps says. */
  invalidate(): void {
    this.#codesStep = -1;
    this.#errorsStep = -1;
    this.restart(true);
  }

  #encode(first: number, count: number): void {
    const { latent } = this.#model;
    const z = this.#codes.subarray(first * latent, (first + count) * latent);
    const error = this.#detail ? this.#errors.subarray(first, first + count) : undefined;
    this.#model.show(this.#shown.matrixPtr, first, count, z, error);
  }

  /** Learns what a row costs, and how many rows one call may take. */
  #measure(took: number, count: number): void {
    const row = took / count;
    const known = this.#detail ? this.#detailedRow : this.#plainRow;
    const mean = known === 0 ? row : known * 0.8 + row * 0.2;
    if (this.#detail) {
      this.#detailedRow = mean;
      this.#plainRow ||= mean / 2;
    } else {
      this.#plainRow = mean;
    }
    if (took > CALL && this.#perCall > 1) {
      this.#perCall = Math.ceil(this.#perCall / 2);
    } else if (took < CALL / 3 && this.#perCall < EVALUATE_ROWS) {
      this.#perCall = Math.min(this.#perCall * 2, EVALUATE_ROWS);
    }
  }

  #realign(): void {
    if (this.#reference === null) {
      return;
    }
    const { aligner } = this.#port;
    const { axes } = this.#found;
    if (this.#model.latent === 1) {
      this.#found = { axes, align: aligner.line(this.#codes, this.#reference) };
      return;
    }
    const plain = new Float32Array(this.rows * 2);
    this.#place(plain, { axes, align: null });
    this.#found = { axes, align: aligner.plane(plain, this.#reference) };
  }

  #place(positions: Float32Array, { axes: [x, y], align }: Drawing): void {
    const { latent } = this.#model;
    const codes = this.#codes;
    if (latent === 1) {
      this.#placeLine(positions);
    } else {
      for (let i = 0; i < this.rows; i += 1) {
        positions[2 * i] = codes[i * latent + x] ?? 0;
        positions[2 * i + 1] = codes[i * latent + y] ?? 0;
      }
    }
    if (align !== null) {
      (latent === 1 ? alignLine : alignPlane)(positions, align);
    }
  }

  /** A code of one number: rows are spread across the line by chance, half as wide as the line's own spread. */
  #placeLine(positions: Float32Array): void {
    const codes = this.#codes;
    let sum = 0;
    let squares = 0;
    for (const z of codes) {
      sum += z;
      squares += z * z;
    }
    const mean = sum / this.rows;
    const deviation = Math.sqrt(Math.max(squares / this.rows - mean * mean, 0));
    for (let i = 0; i < this.rows; i += 1) {
      positions[2 * i] = codes[i] ?? 0;
      positions[2 * i + 1] = spread(i) * deviation;
    }
  }
}
