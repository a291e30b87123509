export { compactMovements, countLoaded, recordMovements } from './movements.ts';
export { statisticsRoutes } from './routes.ts';
