# SPDX-License-Identifier: MIT
# Completion for the accel-* tools: options from --help, devices by name.

_accel_tools()
{
	local current=${COMP_WORDS[COMP_CWORD]}

	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --help 2>/dev/null |
			grep -oE -- '--[a-z-]+' | sort -u)" -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -W "$(printf 'drm:%s ' /dev/accel/accel*) cpu" \
			-- "$current"; compgen -f -- "$current")
	fi
}

complete -o filenames -F _accel_tools accel-info accel-test accel-top accel-run \
	accel-compile accel-dump accel-validate accel-bench accel-monitor
