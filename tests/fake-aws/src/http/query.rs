//! The query protocol of IAM and STS.

use serde::de::DeserializeOwned;

use super::form::Tree;
use super::reply::{Body, REQUEST_ID, Reply, XML};
use super::route::no_action;
use super::xml::Xml;
use crate::account::Account;
use crate::account::action::Call;
use crate::account::cluster::{AssumeRoleWithWebIdentity, GetCallerIdentity};
use crate::account::iam::role::{AddRoleToInstanceProfile, GetRole, RemoveRoleFromInstanceProfile};
use crate::account::iam::{
    CreateInstanceProfile, DeleteInstanceProfile, GetInstanceProfile, InstanceProfile,
    ListInstanceProfiles, Role, TagInstanceProfile,
};
use crate::error::AwsError;

const IAM: &str = "https://iam.amazonaws.com/doc/2010-05-08/";
const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Serves a call of IAM.
pub(super) fn iam(name: &str, tree: Tree, account: &mut Account) -> Result<Reply, AwsError> {
    match name {
        "GetRole" => answer::<GetRole>(IAM, tree, account, |xml, found| {
            xml.node("Role", |xml| role(xml, &found));
        }),
        "GetInstanceProfile" => answer::<GetInstanceProfile>(IAM, tree, account, |xml, found| {
            xml.node("InstanceProfile", |xml| profile(xml, &found));
        }),
        "CreateInstanceProfile" => {
            answer::<CreateInstanceProfile>(IAM, tree, account, |xml, made| {
                xml.node("InstanceProfile", |xml| profile(xml, &made));
            })
        }
        "ListInstanceProfiles" => {
            answer::<ListInstanceProfiles>(IAM, tree, account, |xml, page| {
                xml.node("InstanceProfiles", |xml| {
                    for one in &page.items {
                        xml.node("member", |xml| profile(xml, one));
                    }
                });
                xml.text("IsTruncated", page.next_token.is_some());
                xml.maybe("Marker", page.next_token);
            })
        }
        "DeleteInstanceProfile" => answer::<DeleteInstanceProfile>(IAM, tree, account, |_, ()| {}),
        "TagInstanceProfile" => answer::<TagInstanceProfile>(IAM, tree, account, |_, ()| {}),
        "AddRoleToInstanceProfile" => {
            answer::<AddRoleToInstanceProfile>(IAM, tree, account, |_, ()| {})
        }
        "RemoveRoleFromInstanceProfile" => {
            answer::<RemoveRoleFromInstanceProfile>(IAM, tree, account, |_, ()| {})
        }
        other => Err(no_action(other)),
    }
}

/// Serves a call of STS.
pub(super) fn sts(name: &str, tree: Tree, account: &mut Account) -> Result<Reply, AwsError> {
    match name {
        "GetCallerIdentity" => answer::<GetCallerIdentity>(STS, tree, account, |xml, identity| {
            xml.text("Arn", identity.arn);
            xml.text("UserId", identity.user_id);
            xml.text("Account", identity.account_id);
        }),
        "AssumeRoleWithWebIdentity" => {
            answer::<AssumeRoleWithWebIdentity>(STS, tree, account, |xml, session| {
                xml.node("Credentials", |xml| {
                    xml.text("AccessKeyId", session.access_key_id);
                    xml.text("SecretAccessKey", session.secret_access_key);
                    xml.text("SessionToken", session.session_token);
                    xml.time("Expiration", session.expiration);
                });
                xml.node("AssumedRoleUser", |xml| {
                    xml.text("Arn", session.assumed_role.arn);
                    xml.text("AssumedRoleId", session.assumed_role.user_id);
                });
            })
        }
        other => Err(no_action(other)),
    }
}

fn answer<C: Call + DeserializeOwned>(
    namespace: &str,
    tree: Tree,
    account: &mut Account,
    write: impl FnOnce(&mut Xml, C::Answer),
) -> Result<Reply, AwsError> {
    let served = account.serve(tree.into_request::<C>()?);
    let name = C::ACTION.name;
    Ok(Reply::of(C::ACTION.service, served, account, |found, _| {
        let text = Xml::document(&format!("{name}Response"), Some(namespace), |xml| {
            xml.node(&format!("{name}Result"), |xml| write(xml, found));
            xml.node("ResponseMetadata", |xml| xml.text("RequestId", REQUEST_ID));
        });
        Body::ok(XML, text)
    }))
}

fn role(xml: &mut Xml, role: &Role) {
    xml.text("Path", &role.path);
    xml.text("RoleName", &role.name);
    xml.text("RoleId", &role.id);
    xml.text("Arn", &role.arn);
    // Roles are older than the account's time.
    xml.time("CreateDate", jiff::Timestamp::UNIX_EPOCH);
}

fn profile(xml: &mut Xml, profile: &InstanceProfile) {
    xml.text("Path", &profile.path);
    xml.text("InstanceProfileName", &profile.name);
    xml.text("InstanceProfileId", &profile.id);
    xml.text("Arn", &profile.arn);
    xml.time("CreateDate", profile.created_at);
    xml.node("Roles", |xml| {
        if let Some(of_profile) = &profile.role {
            xml.node("member", |xml| role(xml, of_profile));
        }
    });
    xml.node("Tags", |xml| {
        for (key, value) in &profile.tags {
            xml.node("member", |xml| {
                xml.text("Key", key);
                xml.text("Value", value);
            });
        }
    });
}
