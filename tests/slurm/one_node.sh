#!/usr/bin/env bash
# A real Slurm of one node, for tests: partitions `cpu` and `gpu`, a pretend GPU, no accounting.
#
#   one_node.sh start FOLDER   installs what is missing, starts it, prints what to export
#   one_node.sh stop FOLDER    ends its jobs and daemons
#
# Keys, sockets, settings, spools and logs lie in FOLDER (a short path: the paths of sockets are limited), also `gpus`:
# a line a job, with the GPU that it was given. Nothing below /etc is changed, and a Slurm that the machine already runs
# is left alone. Needs root, and Debian or Ubuntu when Slurm is not installed. Exit code 77: not on this machine.
set -euo pipefail

WAIT_S=900  # for a daemon to come up or end; what takes longer hangs

main() {
  [[ $# = 2 && $1 =~ ^(start|stop)$ ]] || fail "say 'start FOLDER' or 'stop FOLDER'"
  [[ $2 =~ ^/[A-Za-z0-9_./-]{1,70}$ ]] || fail "FOLDER has to be a short absolute path without spaces: $2"
  [ "$(id -u)" = 0 ] || cannot "needs root, to start the daemons"
  FOLDER=$2
  export SLURM_CONF=$FOLDER/slurm.conf
  "$1"
}

fail() {
  echo "one_node.sh: $*" >&2
  exit 1
}

# What only another machine can mend: tests skip.
cannot() {
  echo "one_node.sh: $*" >&2
  exit 77
}

start() {
  install_missing
  # Anyone may pass through to the socket, nobody else may write: munged insists on both.
  mkdir -p "$FOLDER"
  chmod 755 "$FOLDER"
  [ ! -e "$SLURM_CONF" ] || fail "$FOLDER is in use: stop it, or take another folder"
  mkdir -m 755 "$FOLDER"/{bin,ctld,slurmd}
  write_settings
  write_programs
  trap 'tail -n 3 "$FOLDER"/*.log >&2; stop; fail "did not start: see $FOLDER/*.log"' ERR
  munged --key-file="$FOLDER/munge.key" --socket="$FOLDER/munge.socket" --pid-file="$FOLDER/munged.pid" \
    --log-file="$FOLDER/munged.log" --seed-file="$FOLDER/munged.seed"
  slurmctld
  slurmd
  within "$WAIT_S" idle
  trap - ERR
  echo "export SLURM_CONF=$SLURM_CONF PATH=$FOLDER/bin:\$PATH"
}

install_missing() {
  local program
  for program in munged slurmctld slurmd; do
    command -v "$program" >/dev/null && continue
    command -v apt-get >/dev/null || cannot "needs $program: install Slurm, or use Debian or Ubuntu"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends slurm-wlm munge; } >/dev/null 2>&1 ||
      cannot "apt-get cannot install slurm-wlm and munge"
  done
}

write_settings() {
  local host ctld slurmd
  host=$(hostname -s)
  ctld=$(free_port)
  slurmd=$(free_port "$ctld")
  (umask 077 && head -c 128 /dev/urandom >"$FOLDER/munge.key")
  echo "NodeName=$host Name=gpu File=/dev/zero" >"$FOLDER/gres.conf"
  cat >"$SLURM_CONF" <<END
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$ctld
SlurmdPort=$slurmd
SlurmUser=root
AuthInfo=socket=$FOLDER/munge.socket
StateSaveLocation=$FOLDER/ctld
SlurmdSpoolDir=$FOLDER/slurmd
SlurmctldPidFile=$FOLDER/slurmctld.pid
SlurmdPidFile=$FOLDER/slurmd.pid
SlurmctldLogFile=$FOLDER/slurmctld.log
SlurmdLogFile=$FOLDER/slurmd.log
# No cgroups, so that it runs in a container; who takes more memory than asked for is found by looking every second.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
# s. By default it forgets finished jobs after 300; tests read at the end of a run what became of each.
MinJobAge=60000
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
GresTypes=gpu
Prolog=$FOLDER/bin/prolog
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000
SlurmdParameters=config_overrides
KillWait=5
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(memory_mb) Gres=gpu:1 State=UNKNOWN
PartitionName=cpu Nodes=$host Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=$host MaxTime=INFINITE State=UP
END
}

write_programs() {
  # Snakemake's plugin takes SLURM_CONF away from the environment of srun inside a job.
  printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(command -v srun)" >"$FOLDER/bin/srun"
  # Without accounting nothing else tells afterwards which GPUs a job was given.
  printf '#!/bin/sh\necho "$SLURM_JOB_ID $SLURM_JOB_GPUS" >>%s/gpus\n' "$FOLDER" >"$FOLDER/bin/prolog"
  chmod 755 "$FOLDER/bin/"*
}

memory_mb() {
  awk '/^MemTotal/ {print int($2 / 1024)}' /proc/meminfo
}

# A port that nobody answers at, other than $1.
free_port() {
  local port i
  for ((i = 0; i < 100; i++)); do
    port=$((20000 + RANDOM % 10000))
    [ "$port" != "${1:-}" ] && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && echo "$port" && return
  done
  fail "found no free port"
}

idle() {
  [ "$(sinfo --noheader --partition=cpu --format=%T 2>/dev/null)" = idle ]
}

# Waits up to $1 seconds for the rest, a command, to succeed.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}

stop() {
  trap - ERR
  if running slurmctld; then
    timeout 5 scancel --user=root || true
    within 10 no_jobs || true
  fi
  end_daemon slurmd
  end_daemon slurmctld
  end_daemon munged
  no_jobs || job_processes | xargs -r kill -KILL 2>/dev/null || true
  rm -f "$SLURM_CONF"
}

no_jobs() {
  [ -z "$(job_processes)" ]
}

# Processes of jobs of this Slurm, whatever became of its daemons.
job_processes() {
  local environment
  { grep -lszFx "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ || true; } | while read -r environment; do
    environment=${environment%/environ}
    if grep -qsz '^SLURM_JOB_ID=' "$environment/environ" || grep -qs '^slurmstepd' "$environment/comm"; then
      basename "$environment"
    fi
  done || true
}

pid_of() {
  cat "$FOLDER/$1.pid" 2>/dev/null
}

# A daemon that ended, but whose end nobody took note of, has an empty command line.
running() {
  local pid
  pid=$(pid_of "$1") && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q "^[^ ]*$1"
}

gone() {
  ! running "$1"
}

end_daemon() {
  running "$1" || return 0
  kill -TERM "$(pid_of "$1")"
  within "$WAIT_S" gone "$1" || kill -KILL "$(pid_of "$1")"
}

main "$@"
