export type { Adapter, AdapterVerbs, OrAction, Rows, RowUpdate } from './adapter.ts';
export type { AdapterSelectors } from './adapter-selectors.ts';
export { createCollections } from './collections.ts';
export type { Collections, CollectionsOptions } from './collections.ts';
export { comparatorOf } from './order.ts';
export type * from './types.ts';
