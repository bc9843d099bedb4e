//! A node's identity: an Ed25519 account on the ledger that signs its own authorisation entries, as nodes do.

use std::{cell::Cell, rc::Rc};

use ed25519_dalek::{Signer, SigningKey};
use soroban_sdk::{
    address_payload::AddressPayload,
    xdr::{self, Limits, WriteXdr},
    Address, BytesN, Env, IntoVal, Symbol, TryFromVal, Val, Vec as HostVec,
};

pub struct NodeKey {
    key: SigningKey,
    /// A nonce is never used twice.
    nonce: Cell<i64>,
    pub address: Address,
}

impl NodeKey {
    pub fn new(env: &Env, seed: u8) -> Self {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let raw = key.verifying_key().to_bytes();
        let account_id = xdr::AccountId(xdr::PublicKey::PublicKeyTypeEd25519(xdr::Uint256(raw)));
        let ledger_key = Rc::new(xdr::LedgerKey::Account(xdr::LedgerKeyAccount { account_id: account_id.clone() }));
        let entry = Rc::new(xdr::LedgerEntry {
            data: xdr::LedgerEntryData::Account(xdr::AccountEntry {
                account_id,
                balance: 10_000_000,
                flags: 0,
                home_domain: Default::default(),
                inflation_dest: None,
                num_sub_entries: 0,
                seq_num: xdr::SequenceNumber(0),
                thresholds: xdr::Thresholds([1, 0, 0, 0]),
                signers: xdr::VecM::default(),
                ext: xdr::AccountEntryExt::V0,
            }),
            last_modified_ledger_seq: 0,
            ext: xdr::LedgerEntryExt::V0,
        });
        env.host().add_ledger_entry(&ledger_key, &entry, None).unwrap();
        let payload = AddressPayload::AccountIdPublicKeyEd25519(BytesN::from_array(env, &raw));
        NodeKey { key, nonce: Cell::new(i64::from(seed) << 32), address: Address::from_payload(env, payload) }
    }

    /// A signed authorisation of one call.
    pub fn authorize(&self, env: &Env, contract: &Address, name: &str, args: HostVec<Val>) -> xdr::SorobanAuthorizationEntry {
        let call =
            xdr::InvokeContractArgs { contract_address: contract.into(), function_name: name.try_into().unwrap(), args: args.into() };
        let root_invocation = xdr::SorobanAuthorizedInvocation {
            function: xdr::SorobanAuthorizedFunction::ContractFn(call),
            sub_invocations: xdr::VecM::default(),
        };
        let nonce = self.nonce.replace(self.nonce.get() + 1);
        let signature_expiration_ledger = env.ledger().sequence() + 100;
        let preimage = xdr::HashIdPreimage::SorobanAuthorization(xdr::HashIdPreimageSorobanAuthorization {
            network_id: xdr::Hash(env.ledger().network_id().to_array()),
            nonce,
            signature_expiration_ledger,
            invocation: root_invocation.clone(),
        });
        let document = soroban_sdk::Bytes::from_slice(env, &preimage.to_xdr(Limits::none()).unwrap());
        let digest = env.crypto().sha256(&document).to_array();
        let mut signature = soroban_sdk::Map::<Symbol, Val>::new(env);
        let part = |bytes: &[u8]| soroban_sdk::Bytes::from_slice(env, bytes).into_val(env);
        signature.set(Symbol::new(env, "public_key"), part(self.key.verifying_key().as_bytes()));
        signature.set(Symbol::new(env, "signature"), part(&self.key.sign(&digest).to_bytes()));
        let signatures: Val = HostVec::from_array(env, [signature]).into_val(env);
        xdr::SorobanAuthorizationEntry {
            credentials: xdr::SorobanCredentials::Address(xdr::SorobanAddressCredentials {
                address: (&self.address).into(),
                nonce,
                signature_expiration_ledger,
                signature: xdr::ScVal::try_from_val(env, &signatures).unwrap(),
            }),
            root_invocation,
        }
    }
}
