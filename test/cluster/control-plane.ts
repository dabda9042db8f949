import { join } from 'node:path';
import type { Tool } from './binaries.ts';
import type { Pki } from './pki.ts';

/** What one cluster's programs are told: its directory, keys, API port and service network. */
export interface ControlPlane {
  readonly workdir: string;
  readonly pki: Pki;
  readonly port: number;
  readonly serviceCidr: string;
  readonly stages: string;
}

/** Where an API server writes down what service accounts ask for, in its working directory. */
export const AUDIT_LOG = 'audit.log';

const AUDIT_POLICY = join(import.meta.dirname, 'audit.yaml');

/**
 * Command lines of a control plane without containers. Authorisation is RBAC and admission is the server's
 * default set (ServiceAccount, PodSecurity, ResourceQuota, LimitRanger, webhooks, CEL policies and others).
 * Every line names `workdir`, which is how the watchdog recognises the processes.
 */
export const commandLines: Readonly<Record<Exclude<Tool, 'kubectl'>, (plane: ControlPlane) => string[]>> = {
  etcd: (plane) => [
    `--data-dir=${join(plane.workdir, 'etcd')}`,
    `--listen-client-urls=${etcdSocket(plane)}`,
    `--advertise-client-urls=${etcdSocket(plane)}`,
    `--listen-peer-urls=${etcdSocket(plane, 'peer')}`,
    `--initial-advertise-peer-urls=http://localhost:2380`,
    `--initial-cluster=default=http://localhost:2380`,
    // The data dies with the cluster, so nothing is gained by waiting for the disk.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ],
  'kube-apiserver': ({ pki, ...plane }) => [
    `--etcd-servers=${etcdSocket(plane)}`,
    `--cert-dir=${plane.workdir}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${plane.port}`,
    `--tls-cert-file=${pki.server.certFile}`,
    `--tls-private-key-file=${pki.server.keyFile}`,
    `--client-ca-file=${pki.caFile}`,
    '--authorization-mode=Node,RBAC',
    `--service-cluster-ip-range=${plane.serviceCidr}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-signing-key-file=${pki.serviceAccountKeyFile}`,
    `--service-account-key-file=${pki.serviceAccountPublicFile}`,
    '--allow-privileged=true',
    `--audit-policy-file=${AUDIT_POLICY}`,
    `--audit-log-path=${join(plane.workdir, AUDIT_LOG)}`,
    '--profiling=false',
  ],
  'kube-controller-manager': ({ pki, ...plane }) => [
    `--kubeconfig=${pki.adminKubeconfig}`,
    `--root-ca-file=${pki.caFile}`,
    `--service-account-private-key-file=${pki.serviceAccountKeyFile}`,
    `--service-cluster-ip-range=${plane.serviceCidr}`,
    '--leader-elect=false',
    '--secure-port=0',
    // A busy test machine must not look like a dead node.
    '--node-monitor-grace-period=1h',
    // Thousands of Deployments are to be bound by the machine, not by a budget that suits a shared server.
    '--kube-api-qps=2000',
    '--kube-api-burst=4000',
    '--concurrent-deployment-syncs=16',
    '--concurrent-replicaset-syncs=16',
    '--profiling=false',
  ],
  'kube-scheduler': ({ pki }) => [
    `--kubeconfig=${pki.adminKubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=2000',
    '--kube-api-burst=4000',
    '--profiling=false',
  ],
  kwok: ({ pki, stages }) => [
    `--kubeconfig=${pki.adminKubeconfig}`,
    `--config=${stages}`,
    '--manage-all-nodes=true',
    '--node-ip=127.0.0.1',
    '--cidr=10.64.0.0/16',
    '--node-lease-duration-seconds=40',
  ],
};

// A socket in the cluster's own directory cannot collide with another run's, as a port could.
function etcdSocket({ workdir }: Pick<ControlPlane, 'workdir'>, name = 'client'): string {
  return `unix://${join(workdir, `${name}.sock`)}`;
}
