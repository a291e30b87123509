export { createHistory } from './history.ts';
export type { History } from './history.ts';
export { historyRoutes } from './routes.ts';
