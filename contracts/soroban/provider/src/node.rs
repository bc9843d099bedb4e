//! Nodes: an identity that is bound to one provider by both of their keys.

use flashback_core::{account::Account, error::Error, id};
use soroban_sdk::{Address, BytesN, Env, String};

use crate::{
    event, storage,
    types::{Node, NodeState},
};

/// Bytes of an endpoint.
const ENDPOINT_MAX: u32 = 256;

/// Binds `key` to `provider`. Both have authorised it. A key that is in use, or whose own id is, is [`Error::NodeBound`].
pub fn bind(env: &Env, provider: &Address, key: &Address, endpoint: String) -> Result<BytesN<32>, Error> {
    check_identity(key, &endpoint)?;
    let id = id::node(env, &env.current_contract_address(), key)?;
    let taken = storage::find_node(env, &id).is_some_and(|n| n.state == NodeState::Bound);
    if taken || storage::node_of(env, key).is_some() {
        return Err(Error::NodeBound);
    }
    let node = Node {
        provider: provider.clone(),
        key: key.clone(),
        endpoint: endpoint.clone(),
        state: NodeState::Bound,
        since: env.ledger().timestamp(),
        units: 0,
    };
    storage::set_node(env, &id, &node);
    storage::set_node_of(env, key, &id);
    event::NodeBound { id: id.clone(), provider: provider.clone(), key: key.clone(), endpoint }.publish(env);
    Ok(id)
}

/// Gives the node another key or endpoint; with the same key only the endpoint changes.
pub fn rotate(env: &Env, provider: &Address, id: &BytesN<32>, key: &Address, endpoint: String) -> Result<(), Error> {
    check_identity(key, &endpoint)?;
    let mut node = bound_by(env, provider, id)?;
    if node.key != *key {
        let own = id::node(env, &env.current_contract_address(), key)?;
        let taken = own != *id && storage::find_node(env, &own).is_some_and(|n| n.state == NodeState::Bound);
        if taken || storage::node_of(env, key).is_some() {
            return Err(Error::NodeBound);
        }
        storage::remove_node_of(env, &node.key);
        storage::set_node_of(env, key, id);
    }
    node.key = key.clone();
    node.endpoint = endpoint.clone();
    node.since = env.ledger().timestamp();
    storage::set_node(env, id, &node);
    event::NodeRotated { id: id.clone(), key: key.clone(), endpoint }.publish(env);
    Ok(())
}

/// Lets the key go. [`Error::LiveReservations`] while a unit on it is not retired.
pub fn release(env: &Env, provider: &Address, id: &BytesN<32>) -> Result<(), Error> {
    let mut node = bound_by(env, provider, id)?;
    if node.units > 0 {
        return Err(Error::LiveReservations);
    }
    node.state = NodeState::Released;
    node.since = env.ledger().timestamp();
    storage::remove_node_of(env, &node.key);
    storage::set_node(env, id, &node);
    event::NodeReleased { id: id.clone(), key: node.key }.publish(env);
    Ok(())
}

/// The longest lifetime for the node and its provider.
pub fn renew(env: &Env, id: &BytesN<32>) -> Result<(), Error> {
    let node = storage::node(env, id)?;
    storage::renew_node(env, id, &node.key);
    storage::renew_provider(env, &node.provider);
    Ok(())
}

/// The node, if `provider` has it bound.
pub fn bound_by(env: &Env, provider: &Address, id: &BytesN<32>) -> Result<Node, Error> {
    let node = storage::node(env, id)?;
    if node.provider != *provider {
        return Err(Error::NotAuthorized);
    }
    if node.state == NodeState::Released {
        return Err(Error::NodeReleased);
    }
    Ok(node)
}

/// A node signs statements with its Ed25519 key, so a contract cannot be one.
fn check_identity(key: &Address, endpoint: &String) -> Result<(), Error> {
    if Account::of(key)?.is_key() && (1..=ENDPOINT_MAX).contains(&endpoint.len()) {
        Ok(())
    } else {
        Err(Error::ArgumentInvalid)
    }
}
