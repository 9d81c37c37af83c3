//! Endpoints and sets of them, by number.

use std::collections::HashMap;

use refray_core::name::EndpointId;
use sqlx::SqliteConnection;

use super::Fault;
use super::value;

/// Every endpoint that was ever heard of. There are few, and their numbers never change.
pub(super) struct Endpoints {
    numbers: HashMap<EndpointId, i64>,
    ids: HashMap<i64, EndpointId>,
}

impl Endpoints {
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Self, Fault> {
        let rows: Vec<(i64, String)> = sqlx::query_as("SELECT id, name FROM endpoint").fetch_all(connection).await?;
        let mut endpoints = Self { numbers: HashMap::new(), ids: HashMap::new() };
        for (number, name) in rows {
            endpoints.insert(number, value::name("endpoint", &name)?);
        }
        Ok(endpoints)
    }

    fn insert(&mut self, number: i64, id: EndpointId) {
        self.numbers.insert(id.clone(), number);
        self.ids.insert(number, id);
    }

    /// Returns an endpoint's number, and gives it one if it has none.
    pub(super) async fn number(&mut self, connection: &mut SqliteConnection, id: &EndpointId) -> Result<i64, Fault> {
        if let Some(number) = self.numbers.get(id) {
            return Ok(*number);
        }
        let query = sqlx::query_scalar("INSERT INTO endpoint (name) VALUES (?) RETURNING id").bind(id.as_str());
        let number = query.fetch_one(connection).await?;
        self.insert(number, id.clone());
        Ok(number)
    }

    pub(super) fn id(&self, number: i64) -> Result<&EndpointId, Fault> {
        self.ids.get(&number).ok_or_else(|| Fault::Value { what: "endpoint's number", text: number.to_string() })
    }
}

/// Every set of endpoints that ever agreed on something.
pub(super) struct Sets {
    numbers: HashMap<Vec<i64>, i64>,
    members: HashMap<i64, Vec<i64>>,
}

impl Sets {
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Self, Fault> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT id, members FROM endpoint_set").fetch_all(connection).await?;
        let mut sets = Self { numbers: HashMap::new(), members: HashMap::new() };
        for (number, members) in rows {
            sets.insert(number, value::json("set of endpoints", &members)?);
        }
        Ok(sets)
    }

    fn insert(&mut self, number: i64, members: Vec<i64>) {
        self.numbers.insert(members.clone(), number);
        self.members.insert(number, members);
    }

    /// Returns the number of a sorted set, and gives it one if it has none.
    pub(super) async fn number(&mut self, connection: &mut SqliteConnection, members: &[i64]) -> Result<i64, Fault> {
        if let Some(number) = self.numbers.get(members) {
            return Ok(*number);
        }
        let text = value::to_json("set of endpoints", &members)?;
        let query = sqlx::query_scalar("INSERT INTO endpoint_set (members) VALUES (?) RETURNING id").bind(text);
        let number = query.fetch_one(connection).await?;
        self.insert(number, members.to_vec());
        Ok(number)
    }

    pub(super) fn members(&self, number: i64) -> Result<&[i64], Fault> {
        let members = self.members.get(&number).map(Vec::as_slice);
        members.ok_or_else(|| Fault::Value { what: "set's number", text: number.to_string() })
    }
}
