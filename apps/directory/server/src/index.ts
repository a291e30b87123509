/** The server as a library, for tests and benchmarks; people start it by `main.ts`. */
export { createApp } from './app.ts';
export type { AppOptions, DirectoryApp } from './app.ts';
export { migrate } from './db/migrate.ts';
export type { Tables } from './db/tables.ts';
export { createFirstAccounts } from './first-accounts.ts';
export { loadDemo } from './demo/load.ts';
export { demoPeople } from './demo/people.ts';
export { startServer } from './start.ts';
export type { RunningServer, StartServerOptions } from './start.ts';
