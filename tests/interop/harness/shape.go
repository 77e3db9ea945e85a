// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strings"
)

var (
	digits = regexp.MustCompile(`^-?\d+$`)
	moment = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
)

// Shape rewrites a JSON text so that only its form is left: the members in their order and the kind of each value. The
// elements of an array are reduced to the different shapes among them.
func Shape(data []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return shapeOf(decoder)
}

func shapeOf(decoder *json.Decoder) (string, error) {
	token, err := decoder.Token()
	if err != nil {
		return "", err
	}
	switch value := token.(type) {
	case json.Delim:
		if value == '{' {
			return objectShape(decoder)
		}
		return arrayShape(decoder)
	case string:
		switch {
		case digits.MatchString(value):
			return `"digits"`, nil
		case moment.MatchString(value):
			return `"time"`, nil
		}
		return `"text"`, nil
	case json.Number:
		return "0", nil
	case bool:
		return "true", nil
	}
	return "null", nil
}

func objectShape(decoder *json.Decoder) (string, error) {
	var members []string
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return "", err
		}
		value, err := shapeOf(decoder)
		if err != nil {
			return "", err
		}
		members = append(members, fmt.Sprintf("%q:%s", key, value))
	}
	_, err := decoder.Token()
	return "{" + strings.Join(members, ",") + "}", err
}

func arrayShape(decoder *json.Decoder) (string, error) {
	different := map[string]bool{}
	for decoder.More() {
		value, err := shapeOf(decoder)
		if err != nil {
			return "", err
		}
		different[value] = true
	}
	var elements []string
	for value := range different {
		elements = append(elements, value)
	}
	sort.Strings(elements)
	_, err := decoder.Token()
	return "[" + strings.Join(elements, ",") + "]", err
}
