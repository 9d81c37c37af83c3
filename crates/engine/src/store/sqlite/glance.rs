//! What lists say of repositories: one query over narrow rows, whose copies are one text each.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use refray_core::name::{EndpointId, GroupName};
use sqlx::Row;

use super::endpoint::Endpoints;
use super::{Fault, SqliteStore, value};
use crate::store::{Glance, Problem};

pub(super) async fn load(store: &SqliteStore, group: &GroupName) -> Result<Vec<Glance>, Fault> {
    let mut reading = store.pool.begin().await?;
    let query = sqlx::query(
        "SELECT r.name, r.status, r.since, r.recorded, r.unfinished, r.error, r.remedy, r.findings,
                (SELECT group_concat(c.endpoint) FROM copy AS c WHERE c.repository = r.id)
         FROM repository AS r WHERE r.group_name = ? ORDER BY r.key",
    );
    let rows = query.bind(group.as_str()).fetch_all(&mut *reading).await?;
    let endpoints = Endpoints::load(&mut reading).await?;
    reading.commit().await?;
    let mut sets: HashMap<&str, Arc<BTreeSet<EndpointId>>> = HashMap::new();
    let mut glances = Vec::with_capacity(rows.len());
    for row in &rows {
        let text: &str = row.try_get::<Option<&str>, _>(8)?.unwrap_or_default();
        let copies = match sets.get(text) {
            Some(set) => set.clone(),
            None => {
                let set = Arc::new(members(text, &endpoints)?);
                sets.insert(text, set.clone());
                set
            }
        };
        let findings: Option<&str> = row.try_get(7)?;
        let problem = match (row.try_get(5)?, row.try_get::<Option<String>, _>(6)?) {
            (Some(message), remedy) => Some(Problem { message, remedy: remedy.unwrap_or_default() }),
            (None, _) => None,
        };
        glances.push(Glance {
            name: value::name("repository name", row.try_get(0)?)?,
            copies,
            status: value::word("status", row.try_get(1)?)?,
            since: value::time(row.try_get(2)?)?,
            recorded: value::time(row.try_get(3)?)?,
            unfinished: row.try_get(4)?,
            problem,
            findings: findings.map_or_else(|| Ok(Vec::new()), |text| value::json("list of findings", text))?,
        });
    }
    Ok(glances)
}

fn members(text: &str, endpoints: &Endpoints) -> Result<BTreeSet<EndpointId>, Fault> {
    let numbers = text.split(',').filter(|number| !number.is_empty());
    let ids = numbers.map(|number| {
        let parsed = number.parse();
        let parsed = parsed.map_err(|_| Fault::Value { what: "endpoint's number", text: number.to_owned() })?;
        endpoints.id(parsed).cloned()
    });
    ids.collect()
}
