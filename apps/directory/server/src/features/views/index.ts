export { viewRoutes } from './routes.ts';
export { forgetDeleted } from './store.ts';
export { viewChangeReach, viewEntity, visibleViewChange } from './visibility.ts';
