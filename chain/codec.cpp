// SPDX-License-Identifier: Apache-2.0
#include "chain/codec.hpp"

#include "chain/block.hpp"
#include "chain/messages.hpp"
#include "chain/proposal.hpp"
#include "chain/state.hpp"

TETRAD_CODEC(, tetrad::chain::vote);
TETRAD_CODEC(, tetrad::chain::proposal);
TETRAD_CODEC(, tetrad::chain::commit);
TETRAD_CODEC(, tetrad::chain::extended_commit);
TETRAD_CODEC(, tetrad::chain::header);
TETRAD_CODEC(, tetrad::chain::validator);
TETRAD_CODEC(, tetrad::chain::validator_set_record);
TETRAD_CODEC(, tetrad::chain::light_block);
TETRAD_CODEC(, tetrad::chain::duplicate_vote);
TETRAD_CODEC(, tetrad::chain::light_client_attack);
TETRAD_CODEC(, tetrad::chain::evidence_list);
TETRAD_CODEC(, tetrad::chain::block);
TETRAD_CODEC(, tetrad::chain::block_outline);
TETRAD_CODEC(, tetrad::chain::part);
TETRAD_CODEC(, tetrad::chain::state_record);
TETRAD_CODEC(, tetrad::chain::messages::consensus_message);
TETRAD_CODEC(, tetrad::chain::messages::blocksync_message);
