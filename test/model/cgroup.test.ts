import { expect, test } from 'vitest';
import { parseCgroup } from '../../src/model/cgroup.ts';

const C = '730a6f4922709f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706';
const D = '36ae6d09d26e5b8a7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b';
const U = 'da587b4d-bd5a-11e6-8bdb-028ce2cfb533';
const S = U.replaceAll('-', '_');
/** A static pod's uid is a hash. */
const H = '5f4dcc3b5aa765d61d8327deb882cf99';

test.each([
  // Kubernetes, cgroupfs driver
  [`/kubepods/besteffort/pod${U}/${C}`, C, U, ''],
  [`/kubepods/burstable/pod${U}/${C}`, C, U, ''],
  [`/kubepods/pod${U}/${C}`, C, U, ''],
  [`/kubepods/besteffort/pod${H}/${C}`, C, H, ''],
  [`/kubepods/besteffort/pod${U}`, '', U, ''],
  [`/kubepods/besteffort/pod${U}/${C}/init.scope`, C, U, ''],
  [`/kubepods/burstable/pod${U}/${C}/system.slice/nginx.service`, C, U, ''],
  // systemd driver
  [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${S}.slice/cri-containerd-${C}.scope`, C, U, 'containerd'],
  [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${S}.slice/cri-containerd-${C}.scope`, C, U, 'containerd'],
  [`/kubepods.slice/kubepods-pod${S}.slice/cri-containerd-${C}.scope`, C, U, 'containerd'],
  [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${S}.slice/crio-${C}.scope`, C, U, 'cri-o'],
  [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${S}.slice/crio-${C}.scope/container`, C, U, 'cri-o'],
  [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${S}.slice/crio-conmon-${C}.scope`, C, U, 'cri-o'],
  [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${S}.slice/docker-${C}.scope`, C, U, 'docker'],
  [`/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${H}.slice/cri-containerd-${C}.scope`, C, H, 'containerd'],
  [`/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${S}.slice`, '', U, ''],
  // containerd's own form: slice, prefix and id with colons
  [`/system.slice/containerd.service/kubepods-besteffort-pod${S}.slice:cri-containerd:${C}`, C, U, ''],
  [`/kubepods-burstable-pod${S}.slice:cri-containerd:${C}`, C, U, ''],
  // kind, minikube, k3d: a node in a container
  [`/docker/${D}/kubelet/kubepods/besteffort/pod${U}/${C}`, C, U, ''],
  [`/docker/${D}/kubepods/besteffort/pod${U}/${C}`, C, U, ''],
  [
    `/system.slice/docker-${D}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod${S}.slice/cri-containerd-${C}.scope`,
    C,
    U,
    'containerd',
  ],
  [`/machine.slice/libpod-${D}.scope/kubepods.slice/kubepods-pod${S}.slice/cri-containerd-${C}.scope`, C, U, 'containerd'],
  [`/k3s/kubepods/besteffort/pod${U}/${C}`, C, U, ''],
  [`/node2/kubepods/besteffort/pod${U}/${C}`, C, U, ''],
  // Docker
  [`/docker/${C}`, C, '', 'docker'],
  [`/system.slice/docker-${C}.scope`, C, '', 'docker'],
  [`/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${C}.scope`, C, '', 'docker'],
  [`/docker/${D}/docker/${C}`, C, '', 'docker'],
  [`/docker-ce/docker/${C}`, C, '', 'docker'],
  [`/ecs/2d04a5f1-5d2f-4b7f-8a58-7b3b7a5f4d5e/${C}`, C, '', ''],
  [`/ecs/task-family/0123456789abcdef0123456789abcdef/${C}`, C, '', ''],
  // containerd, podman, cri-o alone
  [`/default/${C}`, C, '', ''],
  [`/system.slice/containerd-${C}.scope`, C, '', 'containerd'],
  [`/machine.slice/libpod-${C}.scope`, C, '', 'podman'],
  [`/machine.slice/libpod-${C}.scope/container`, C, '', 'podman'],
  [`/machine.slice/libpod-conmon-${C}.scope`, C, '', 'podman'],
  [`/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${C}.scope`, C, '', 'podman'],
  [`/libpod_parent/libpod-${C}`, C, '', 'podman'],
  [`/system.slice/crio-${C}.scope`, C, '', 'cri-o'],
  // no container
  ['/', '', '', ''],
  ['', '', '', ''],
  ['/system.slice/ssh.service', '', '', ''],
  ['/user.slice/user-1000.slice/session-3.scope', '', '', ''],
  ['/init.scope', '', '', ''],
  ['/kubepods/besteffort', '', '', ''],
  ['/system.slice/kubelet.service', '', '', ''],
  [`/docker/${C.slice(0, 40)}`, '', '', 'docker'],
  [`/backup/${C}0`, '', '', ''],
])('%s', (path, container, pod, runtime) => {
  expect(parseCgroup(path)).toEqual({ container, pod, runtime });
});
