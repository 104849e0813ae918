/**
 * The one name that page, worker and Node all have and that the language alone does not: a handle on
 * bytes. The shared project sees only this much of it.
 */
interface Blob {
  readonly size: number;
  readonly type: string;
}
