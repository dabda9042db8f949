import { nameList } from '../common/sentences.ts';
import type { ClusterMappingSpec } from './cluster-mapping.ts';
import type { RemoteClusterSpec } from './remote-cluster.ts';

/** Sentences about fields of a RemoteCluster that are accepted and not done. Pure. */
export const remoteClusterWarnings = ({ pvcSync }: RemoteClusterSpec): string[] => [
  ...(pvcSync.enabled
    ? ['pvcSync.enabled: true is not supported yet; volume data is copied by pv-migrate, without an agent.']
    : []),
  ...(pvcSync.ssh.keySecretRef === undefined
    ? []
    : ['pvcSync.ssh.keySecretRef is ignored; keys are made for each copy.']),
  ...(pvcSync.rsyncDaemonSet === undefined
    ? []
    : ['pvcSync.rsyncDaemonSet is ignored; volume data is copied without a DaemonSet.']),
  ...widenedPods(pvcSync.deployment),
];

/** The same for a ClusterMapping. Pure. */
export const clusterMappingWarnings = ({ sshKeySecretRef }: ClusterMappingSpec): string[] =>
  sshKeySecretRef === undefined ? [] : ['sshKeySecretRef is ignored; keys are made for each copy.'];

const widenedPods = ({ hostNetwork, privileged }: RemoteClusterSpec['pvcSync']['deployment']): string[] => {
  const asked = [
    ...(hostNetwork === true ? ['hostNetwork'] : []),
    ...(privileged === true ? ['privileged'] : []),
  ];
  return asked.length === 0
    ? []
    : [`pvcSync.deployment gives the pods of the agent more than they need: ${nameList(asked)}.`];
};
