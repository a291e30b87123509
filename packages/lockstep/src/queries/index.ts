export { createQueries } from './create-queries.ts';
export type { QueriesOptions } from './create-queries.ts';
export type * from './types.ts';
