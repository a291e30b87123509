export { createActivity } from './activity.ts';
export type { Activity } from './activity.ts';
export { reachInto, reachOf, readableChange } from './rights.ts';
export { peopleRoutes } from './routes.ts';
export { insertMany, save, takenEmails } from './store.ts';
export { createTotals } from './totals.ts';
