// SPDX-License-Identifier: Apache-2.0
package main

import (
	"github.com/cometbft/cometbft/types"
)

type change struct {
	Key   int   `json:"key"`
	Power int64 `json:"power"`
}

// What a set looks like: members as [key, power, priority], in order.
type setState struct {
	Members  [][3]int64 `json:"members"`
	Proposer int        `json:"proposer"`
	Total    int64      `json:"total"`
	Hash     string     `json:"hash"`
}

type step struct {
	Times   int32     `json:"times,omitempty"`
	Changes []change  `json:"changes,omitempty"`
	Error   string    `json:"error,omitempty"`
	After   *setState `json:"after,omitempty"`
}

type sequence struct {
	Start []change `json:"start"`
	First setState `json:"first"`
	Steps []step   `json:"steps"`
}

func keyOf(address []byte) int {
	for i := 0; i < 24; i++ {
		if string(key(i).PubKey().Address()) == string(address) {
			return i
		}
	}
	panic("unknown address")
}

func validators(changes []change) []*types.Validator {
	out := make([]*types.Validator, len(changes))
	for i, c := range changes {
		out[i] = types.NewValidator(key(c.Key).PubKey(), c.Power)
	}
	return out
}

func stateOf(set *types.ValidatorSet) setState {
	s := setState{Proposer: keyOf(set.GetProposer().Address), Total: set.TotalVotingPower(), Hash: hexed(set.Hash())}
	for _, v := range set.Validators {
		s.Members = append(s.Members, [3]int64{int64(keyOf(v.Address)), v.VotingPower, v.ProposerPriority})
	}
	return s
}

// Powers of very different sizes, so that windows are rescaled and sums come near their limit.
func randomPower(scale int) int64 {
	switch scale {
	case 0:
		return int64(1 + random.Intn(10))
	case 1:
		return int64(1 + random.Intn(1_000_000))
	case 2:
		return 1 + random.Int63n(types.MaxTotalVotingPower/8)
	default:
		return randomPower(random.Intn(3))
	}
}

func randomChanges(set *types.ValidatorSet, scale int) []change {
	var out []change
	for _, k := range random.Perm(24)[:1+random.Intn(4)] {
		c := change{k, randomPower(scale)}
		if set.HasAddress(key(k).PubKey().Address()) && random.Intn(3) == 0 {
			c.Power = 0
		}
		out = append(out, c)
	}
	switch random.Intn(24) { // now and then one that is refused
	case 0:
		out = append(out, out[0])
	case 1:
		out[0].Power = -1
	case 2:
		out[0].Power = types.MaxTotalVotingPower
	case 3:
		for k := 0; k < 24; k++ {
			if !set.HasAddress(key(k).PubKey().Address()) {
				out = append(out[:0], change{k, 0})
				break
			}
		}
	}
	return out
}

func validatorSets() []sequence {
	var out []sequence
	for i := 0; i < 28; i++ {
		scale := i % 4
		var start []change
		for _, k := range random.Perm(24)[:1+random.Intn(8)] {
			start = append(start, change{k, randomPower(scale)})
		}
		set := types.NewValidatorSet(validators(start))
		s := sequence{Start: start, First: stateOf(set)}
		for j := 0; j < 8; j++ {
			set = set.Copy()
			var st step
			if random.Intn(2) == 0 {
				st.Times = int32(1 + random.Intn(5))
				if random.Intn(6) == 0 {
					st.Times = int32(1 + random.Intn(500))
				}
				set.IncrementProposerPriority(st.Times)
			} else {
				st.Changes = randomChanges(set, scale)
				if err := set.UpdateWithChangeSet(validators(st.Changes)); err != nil {
					st.Error = err.Error()
					s.Steps = append(s.Steps, st)
					continue
				}
				st.Times = 1 // as at the end of every block
				set.IncrementProposerPriority(1)
			}
			after := stateOf(set)
			st.After = &after
			s.Steps = append(s.Steps, st)
		}
		out = append(out, s)
	}
	return out
}
