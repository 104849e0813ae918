/**
 * The C functions that the wrappers call, by header. `core/wasm/exports.txt` lists the same names with the
 * underscore that Emscripten puts before them; a test holds the two lists together, and `instantiate` checks
 * a module against this one, so a missing function is one sentence at the start instead of a trap later.
 *
 * Every argument and result is a number: pointers and u32 as integers (results need `>>> 0`), float and
 * double as they are, bool as 0 or 1.
 */
export const EXPORTS = [
  // wasm/entry.c
  'kernels_abi_version',
  'kernels_revision',
  'kernels_status_message',
  // base/mem.h
  'mem_alloc',
  'mem_free',
  'mem_in_use',
  'mem_peak',
  'mem_reset_peak',
  // math/gemm.h
  'gemm_workspace',
  'gemm',
  // models/ae.h
  'ae_params_default',
  'ae_params_bounds',
  'ae_params_check',
  'ae_parameters',
  'ae_bytes',
  'ae_new',
  'ae_free',
  'ae_features',
  'ae_latent',
  'ae_steps',
  'ae_epochs',
  'ae_parameters_of',
  'ae_evaluate',
  'ae_encode',
  'ae_decode',
  'ae_snapshot_bytes',
  'ae_snapshot_read',
  'ae_snapshot_write',
  'ae_fit_params_default',
  'ae_fit_params_bounds',
  'ae_fit_params_check',
  'ae_fit_bytes',
  'ae_fit_new',
  'ae_fit_step',
  'ae_fit_done',
  'ae_fit_between_batches',
  'ae_fit_abandon_batch',
  'ae_fit_ended_by',
  'ae_fit_progress',
  'ae_fit_epoch',
  'ae_fit_rows_trained',
  'ae_fit_rows',
  'ae_fit_heldout_rows',
  'ae_fit_set_learning_rate',
  'ae_fit_free',
] as const;

export type KernelFunction = (...args: number[]) => number;

export type KernelExports = Record<(typeof EXPORTS)[number], KernelFunction>;
