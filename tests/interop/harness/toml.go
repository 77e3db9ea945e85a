// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"os"
	"strings"
)

// EditTOML sets keys of a config.toml in place, as operators' scripts do with sed: a key that `init` did not write is an
// error. A key is "section.key", or "key" above the first section; a value is TOML as it stands in the file.
func EditTOML(path string, values map[string]string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(data), "\n")
	left := make(map[string]string, len(values))
	for key, value := range values {
		left[key] = value
	}
	section := ""
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "[") && strings.HasSuffix(trimmed, "]") {
			section = strings.Trim(trimmed, "[]") + "."
			continue
		}
		name, _, found := strings.Cut(trimmed, "=")
		if !found || strings.HasPrefix(trimmed, "#") {
			continue
		}
		key := section + strings.TrimSpace(name)
		if value, wanted := left[key]; wanted {
			lines[i] = strings.TrimSpace(name) + " = " + value
			delete(left, key)
		}
	}
	for key := range left {
		return fmt.Errorf("%s has no key %s", path, key)
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600)
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }
