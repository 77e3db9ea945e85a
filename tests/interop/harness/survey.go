// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
)

// Survey counts what a stretch of a chain holds. A comparison of two nodes is worth as much as the chain is varied.
type Survey struct {
	Heights, Txs, MultiPart, ValidatorSets, Evidence, Absent, NilVotes, LaterRounds, Secp256k1 int
}

func (s Survey) String() string {
	return fmt.Sprintf("%d heights: %d txs, %d blocks of several parts, %d validator sets, %d pieces of evidence, "+
		"%d absent and %d nil signatures, %d later rounds, %d sets with a secp256k1 key",
		s.Heights, s.Txs, s.MultiPart, s.ValidatorSets, s.Evidence, s.Absent, s.NilVotes, s.LaterRounds, s.Secp256k1)
}

type surveyedBlock struct {
	BlockID struct {
		Parts struct {
			Total int `json:"total"`
		} `json:"parts"`
	} `json:"block_id"`
	Block struct {
		Header struct {
			ValidatorsHash string `json:"validators_hash"`
		} `json:"header"`
		Data struct {
			Txs []string `json:"txs"`
		} `json:"data"`
		Evidence struct {
			Evidence []json.RawMessage `json:"evidence"`
		} `json:"evidence"`
		LastCommit struct {
			Round      int `json:"round"`
			Signatures []struct {
				Flag int `json:"block_id_flag"`
			} `json:"signatures"`
		} `json:"last_commit"`
	} `json:"block"`
}

// SurveyChain looks at heights from..to of a node.
func SurveyChain(t testing.TB, n *Node, from, to int64) (s Survey) {
	t.Helper()
	sets := map[string]bool{}
	for height := from; height <= to; height++ {
		var b surveyedBlock
		n.Ask(t, &b, "block", AtHeight(height))
		s.Heights++
		s.Txs += len(b.Block.Data.Txs)
		s.Evidence += len(b.Block.Evidence.Evidence)
		if b.BlockID.Parts.Total > 1 {
			s.MultiPart++
		}
		if b.Block.LastCommit.Round > 0 {
			s.LaterRounds++
		}
		for _, signature := range b.Block.LastCommit.Signatures {
			switch signature.Flag {
			case 1:
				s.Absent++
			case 3:
				s.NilVotes++
			}
		}
		if set := b.Block.Header.ValidatorsHash; !sets[set] {
			sets[set] = true
			var answer struct {
				Validators []struct {
					Key struct {
						Type string `json:"type"`
					} `json:"pub_key"`
				} `json:"validators"`
			}
			n.Ask(t, &answer, "validators", Params{"height": strconv.FormatInt(height, 10), "per_page": "100"})
			for _, validator := range answer.Validators {
				if validator.Key.Type == "tendermint/PubKeySecp256k1" {
					s.Secp256k1++
				}
			}
		}
	}
	s.ValidatorSets = len(sets)
	return s
}
