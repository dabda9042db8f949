import type { Failure } from './api-errors.ts';

/** Whether it is the authorizer that refused a request, as opposed to an admission plugin. Pure. */
export const isAboutRights = (failure: Failure | undefined): boolean =>
  failure?.status === 403 && failure.about.includes('rights');

/** Whether a Role or a binding was refused because it grants more than we have ourselves. Pure. */
export const isAboutGrants = (failure: Failure | undefined): boolean =>
  failure?.status === 403 && failure.about.includes('grants');
