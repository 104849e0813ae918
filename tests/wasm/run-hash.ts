// The twin of tests/core/run_hash.c: drives the kernels' raw exports through the same runs and gives the same
// hash. It uses nothing from outside its body, so that a browser can be handed its source.

type Exports = Record<string, CallableFunction> & { memory: WebAssembly.Memory };

export function runHash(instance: WebAssembly.Instance): string {
  const k = instance.exports as unknown as Exports;
  const call = (name: string, ...args: number[]): number => (k[name] as CallableFunction)(...args) as number;
  const alloc = (bytes: number): number => call('mem_alloc', bytes) >>> 0;
  const f32 = (ptr: number, n: number) => new Float32Array(k.memory.buffer, ptr, n);
  const u32 = (ptr: number, n: number) => new Uint32Array(k.memory.buffer, ptr, n);
  const [N, D, STRIDE, ACTIVATIONS] = [300, 21, 24, 6];
  let h = 0xcbf29ce484222325n;
  const hash = (ptr: number, n: number) => {
    for (const byte of new Uint8Array(k.memory.buffer, ptr, n)) {
      h = BigInt.asUintN(64, (h ^ BigInt(byte)) * 0x100000001b3n);
    }
  };
  // focus 0: no selection
  const run = (activation: number, output: number, loss: number, noise: number, focus: number) => {
    const x = alloc(N * STRIDE * 4);
    const z = alloc(N * 3 * 4);
    const error = alloc(N * 4);
    const small = alloc(256);
    let state = 12345;
    const data = f32(x, N * STRIDE);
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < D; j++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        data[i * STRIDE + j] = (((state >>> 16) % 256) + (i % 3) * 16 * (j % 4)) / 512;
      }
    }
    const [matrix, p, q, out, progress] = [small, small + 32, small + 96, small + 136, small + 144];
    const selection = focus > 0 ? small + 192 : 0;
    u32(matrix, 7).set([x, 0, N, D, STRIDE, 0, 0]);
    call('ae_params_default', p);
    u32(p, 14).set([2, 33, 10]);
    u32(p + 36, 5).set([3, activation, output, loss, 7]);
    call('ae_fit_params_default', q);
    u32(q, 2).set([3, 37]);
    f32(q + 8, 4).set([0.01, 0.01, noise, 0.1]);
    u32(q + 28, 1)[0] = 9;
    if (selection !== 0) {
      f32(q + 32, 1)[0] = focus;
      const bits = u32(selection, 10).fill(0);
      for (let i = 0; i < N; i += 3) {
        bits[i >> 5] = (bits[i >> 5] ?? 0) | (1 << (i & 31));
      }
    }
    if (call('ae_new', out, p, D) !== 0) {
      throw new Error('ae_new failed');
    }
    const model = u32(out, 1)[0] as number;
    if (call('ae_fit_new', out, model, matrix, q, 0, 0, 0, selection) !== 0) {
      throw new Error('ae_fit_new failed');
    }
    const fit = u32(out, 1)[0] as number;
    while (!call('ae_fit_done', fit)) {
      if (call('ae_fit_step', fit, 1) !== 0) {
        throw new Error('ae_fit_step failed');
      }
      call('ae_fit_progress', fit, progress);
      if (call('ae_fit_epoch', fit) > 0) {
        hash(progress + 12, focus > 0 ? 16 : 8);
      }
    }
    const bytes = call('ae_snapshot_bytes', model);
    const snapshot = alloc(bytes);
    call('ae_snapshot_read', model, snapshot);
    call('ae_evaluate', model, matrix, 0, N, z, 0, 0, error);
    hash(snapshot, bytes);
    hash(z, N * 3 * 4);
    hash(error, N * 4);
    call('ae_fit_free', fit);
    call('ae_free', model);
    for (const block of [snapshot, x, z, error, small]) {
      call('mem_free', block);
    }
  };
  for (let activation = 0; activation < ACTIVATIONS; activation++) {
    run(activation, 0, 0, 0, 0);
    run(activation, 5, 1, 0.1, 0);
  }
  run(1, 5, 0, 0, 0);
  for (const focus of [0.35, 0.8, 1]) {
    run(1, 0, 0, 0.1, focus);
  }
  return h.toString(16).padStart(16, '0');
}
