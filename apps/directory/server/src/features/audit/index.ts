export { createAudit } from './audit.ts';
export type { Audit } from './audit.ts';
export { auditRoutes } from './routes.ts';
