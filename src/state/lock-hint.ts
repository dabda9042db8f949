import { drSyncer, type NamedCluster } from '../common/command-line.ts';
import type { Role } from './record-places.ts';

/** The hint for a record that somebody else writes. The source's copy alone does not name the pair. Pure. */
export const whoWorks = (cluster: NamedCluster, namespace: string, role: Role): string =>
  role === 'dest'
    ? `To see who is working on the namespace: ${drSyncer('status', { dest: { cluster, namespace } })}`
    : 'To see who is working on the namespace, run status.';
