export * from './bodies.ts';
export * from './queries.ts';
export * from './user.ts';
