import type { Filter } from '../pipeline-types.ts';
import { beingDeleted } from './being-deleted.ts';
import { pods } from './controlled-pods.ts';
import { defaultServiceAccounts } from './default-service-accounts.ts';
import { endpoints } from './derived-endpoints.ts';
import { derivedObjects } from './derived-objects.ts';
import { finishedJobs } from './finished-jobs.ts';
import { finishedRuns } from './finished-runs.ts';
import { helmReleases } from './helm-releases.ts';
import { idleReplicaSets } from './idle-replica-sets.ts';
import { leaderElection } from './leader-election.ts';
import { neverCopiedKinds } from './never-copied-kinds.ts';
import { optedOut } from './opted-out.ts';
import { ownObjects } from './own-objects.ts';
import { ownedByCustomResource } from './owned-by-custom-resource.ts';
import { platformObjects } from './platform-objects.ts';
import { platformSecrets } from './platform-secrets.ts';
import { podOwned } from './pod-owned.ts';
import { serviceAccountTokens } from './service-account-tokens.ts';

/**
 * Every rule about what is copied, in the order they are asked. The order only decides which reason is shown: what
 * somebody decided first, then what the owner says, then what the kind says.
 */
export const FILTERS: readonly Filter[] = [
  beingDeleted,
  optedOut,
  ownObjects,
  pods,
  podOwned,
  platformObjects,
  leaderElection,
  derivedObjects,
  neverCopiedKinds,
  endpoints,
  finishedJobs,
  finishedRuns,
  idleReplicaSets,
  defaultServiceAccounts,
  serviceAccountTokens,
  platformSecrets,
  helmReleases,
  ownedByCustomResource,
];
