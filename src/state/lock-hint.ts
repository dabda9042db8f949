import { drSyncer, type NamedCluster } from '../common/command-line.ts';
import type { SideRole } from '../common/side-role.ts';

/** The hint for a record that somebody else writes. The source's copy alone does not name the pair. Pure. */
export const whoWorks = (cluster: NamedCluster, namespace: string, role: SideRole): string =>
  role === 'dest'
    ? `To see who is working on the namespace: ${drSyncer('status', { dest: { cluster, namespace } })}`
    : 'To see who is working on the namespace, run status.';
