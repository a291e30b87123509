/** A persistent list in plain JSON: nested arrays of 64, `depth` levels of them above the leaves. */
export interface Vector<T> {
  readonly n: number;
  readonly depth: number;
  readonly root: readonly unknown[];
  /** Never present: ties the type of the members to the vector. */
  readonly member?: T;
}
