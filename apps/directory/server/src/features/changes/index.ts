export { channels } from './channels.ts';
export { changeRoutes } from './routes.ts';
