export { invitationRoutes } from './routes.ts';
export { forgetEnded, rememberedMs } from './store.ts';
