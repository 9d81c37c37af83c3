use serde_json::{Value, json};

use super::{extend, time};
use crate::Site;
use crate::world::{Account, World};

/// Returns a user as it stands inside other objects.
pub(in crate::gitlab) fn user_basic(site: &Site, user: &Account) -> Value {
    json!({
        "id": user.id,
        "username": user.path,
        "public_email": user.email,
        "name": user.name,
        "state": "active",
        "locked": false,
        "avatar_url": null,
        "web_url": format!("{}/{}", site.base_url(), user.path),
    })
}

/// Returns the user of this id as it stands inside other objects, or null.
pub(in crate::gitlab) fn user_of(site: &Site, world: &World, id: u64) -> Value {
    world.accounts.get(&id).map_or(Value::Null, |it| user_basic(site, it))
}

/// Returns what everybody sees of a user.
pub(in crate::gitlab) fn public_profile(site: &Site, user: &Account) -> Value {
    let mut body = user_basic(site, user);
    extend(
        &mut body,
        json!({
            "created_at": time(user.created),
            "bio": user.description,
            "location": "",
            "skype": "",
            "linkedin": "",
            "twitter": "",
            "discord": "",
            "website_url": "",
            "organization": "",
            "job_title": "",
            "pronouns": null,
            "bot": false,
            "work_information": null,
            "followers": 0,
            "following": 0,
            "is_followed": false,
            "local_time": null,
        }),
    );
    body
}

/// Returns what a user sees of the own profile.
pub(in crate::gitlab) fn own_profile(site: &Site, user: &Account) -> Value {
    let mut body = public_profile(site, user);
    extend(
        &mut body,
        json!({
            "last_sign_in_at": time(user.created),
            "confirmed_at": time(user.created),
            "last_activity_on": user.created.strftime("%Y-%m-%d").to_string(),
            "email": user.email,
            "commit_email": user.email,
            "theme_id": 3,
            "color_scheme_id": 1,
            "projects_limit": 100_000,
            "current_sign_in_at": time(user.created),
            "identities": [],
            "can_create_group": true,
            "can_create_project": true,
            "two_factor_enabled": true,
            "external": false,
            "private_profile": false,
            "shared_runners_minutes_limit": null,
            "extra_shared_runners_minutes_limit": null,
            "scim_identities": [],
        }),
    );
    if user.admin {
        extend(&mut body, json!({ "is_admin": true, "namespace_id": user.namespace_id }));
    }
    body
}
