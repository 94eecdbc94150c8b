//! Carrying an order out.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Instances;
use super::read::Held;
use crate::api::ApiError;
use crate::api::ec2::{CreateFleet, Ec2, Fleet, Instance};
use crate::error::{CloudError, Shortage, TEMPLATE_GONE, TOKEN_REUSED};
use crate::launch::{
    Answer, Attempt, Finding, FleetPlan, LaunchOrder, LaunchReport, LaunchWish, Launched, Market,
    judge, plan, zone_id,
};
use crate::launch_template::Template;
use crate::unavailable::PoolKey;

impl<E: Ec2> Instances<E> {
    /// Launches an instance for each claim of an order, as far as there are any.
    ///
    /// Safe to repeat with [`Attempt::Again`]: what an earlier call of the same order has launched
    /// is found by its tag or told again by EC2, and nothing is launched twice.
    pub async fn launch(&self, order: &LaunchOrder, now: Timestamp) -> LaunchReport {
        let mut report = LaunchReport::default();
        let mut order = order.clone();
        if order.attempt == Attempt::Again
            && let Err(error) = self.find_launched(&mut order, &mut report).await
        {
            return report.without(&order.claims, error);
        }
        if order.claims.is_empty() {
            return report;
        }
        let plan = match self.plan(&order.wish, now) {
            Ok(plan) => plan,
            Err(shortage) => {
                let error = CloudError::InsufficientCapacity(shortage);
                return report.without(&order.claims, error);
            }
        };
        report.too_few_for_spot = plan.too_few_for_spot;
        match self.call(&plan, &order, now).await {
            Ok(fleet) => {
                let answer = judge(&fleet, &plan, &order.wish, now);
                self.learn(&answer, &order.wish, now);
                report.refusals.clone_from(&answer.refusals);
                report.deal_out(answer, &order)
            }
            // The offerings of the first call were others than those of this one.
            Err(CloudError::Invalid { source, .. }) if source.code() == Some(TOKEN_REUSED) => {
                self.find_after_reuse(order, report).await
            }
            Err(error) => report.without(&order.claims, error),
        }
    }

    fn plan(&self, wish: &LaunchWish, now: Timestamp) -> Result<FleetPlan, Shortage> {
        let mut state = self.state();
        let vcpus = wish.types.iter().map(|one| (one.name.clone(), crate::quota::vcpus(one)));
        state.vcpus.extend(vcpus);
        let market = Market {
            unavailable: &state.unavailable,
            quotas: &state.quotas,
            in_use: &state.in_use(),
            subnets: &state.subnets,
            reservations: &state.reservations,
            now,
        };
        plan(wish, &market)
    }

    /// Calls EC2; once more if a template was deleted behind our back.
    async fn call(
        &self,
        plan: &FleetPlan,
        order: &LaunchOrder,
        now: Timestamp,
    ) -> Result<Fleet, CloudError> {
        let request = self.request(plan, order, now).await?;
        match self.create(plan, order, &request).await {
            Err(error) if error.code() == Some(TEMPLATE_GONE) => {
                let names: Vec<String> =
                    request.templates.iter().map(|one| one.name.clone()).collect();
                self.templates.forget(&names).await;
                let request = self.request(plan, order, now).await?;
                Ok(self.create(plan, order, &request).await?)
            }
            other => Ok(other?),
        }
    }

    async fn request(
        &self,
        plan: &FleetPlan,
        order: &LaunchOrder,
        now: Timestamp,
    ) -> Result<CreateFleet, CloudError> {
        let templates: Vec<Template> =
            plan.templates.iter().map(|(template, _)| template.clone()).collect();
        let names = self.templates.ensure(&self.ec2, &templates, now).await?;
        Ok(plan.request(&names, order))
    }

    /// Addresses are taken before the call, so that launches side by side see each other, and given
    /// back where no instance came.
    async fn create(
        &self,
        plan: &FleetPlan,
        order: &LaunchOrder,
        request: &CreateFleet,
    ) -> Result<Fleet, ApiError> {
        let count = order.claims.len() as i64;
        let addresses = plan.addresses.iter().map(|(subnet, each)| (subnet.clone(), each * count));
        let taken = self.state().subnets.take(addresses);
        let answer = self.ec2.create_fleet(request).await;
        let used: BTreeSet<String> = match &answer {
            Ok(fleet) => fleet.instances.iter().filter_map(|one| one.subnet.clone()).collect(),
            Err(_) => BTreeSet::new(),
        };
        self.state().subnets.give_back(&taken, &used);
        answer
    }

    /// Remembers what could be had and what could not.
    fn learn(&self, answer: &Answer, wish: &LaunchWish, now: Timestamp) {
        let mut state = self.state();
        for launched in &answer.launched {
            let bought = (launched.instance_type.clone(), launched.capacity_type);
            state.fresh.insert(launched.id.clone(), bought);
            let pool =
                PoolKey::new(launched.capacity_type, &launched.instance_type, &launched.zone);
            state.unavailable.clear_pool(&pool.within(crate::launch::group(&wish.spec)));
            if let Some(reservation) = &launched.reservation {
                state.reservations.launched(&reservation.id, now);
            }
        }
        let in_use = state.in_use();
        for finding in &answer.findings {
            match finding {
                Finding::Pool(pool) => state.unavailable.mark_pool(pool.clone(), now),
                Finding::CapacityType(one) => state.unavailable.mark_capacity_type(*one, now),
                Finding::Subnet(subnet) => {
                    state.unavailable.mark_subnet(subnet, now);
                    state.subnets.exhausted(subnet, now);
                }
                Finding::Quota { instance_type, capacity_type, message } => {
                    let vcpus = state.vcpus.get(instance_type).copied().unwrap_or(1);
                    let refused = (instance_type.as_str(), *capacity_type, vcpus);
                    state.quotas.refused(refused, message, &in_use, now);
                }
                Finding::Reservation(id) => state.reservations.exhausted(id, now),
            }
        }
    }

    /// Gives what the order has launched before to its claims.
    async fn find_launched(
        &self,
        order: &mut LaunchOrder,
        report: &mut LaunchReport,
    ) -> Result<(), CloudError> {
        let mut found = self.of_launch(&order.token).await?;
        found.retain(|one| !order.taken.contains(&one.id));
        found.sort_by(|a, b| a.id.cmp(&b.id));
        let count = found.len().min(order.claims.len());
        let claims = order.claims.drain(..count);
        for (claim, instance) in claims.zip(found) {
            order.taken.insert(instance.id.clone());
            report.launched.push((claim, recognise(&instance, &order.wish)));
        }
        Ok(())
    }

    /// The token was used, so there are or were instances; EC2 may not list them yet.
    async fn find_after_reuse(
        &self,
        mut order: LaunchOrder,
        mut report: LaunchReport,
    ) -> LaunchReport {
        let error = match self.find_launched(&mut order, &mut report).await {
            Ok(()) => CloudError::NotReady {
                what: format!("launch {}", order.token),
                why: "EC2 has carried it out before and does not list all of its instances yet"
                    .to_owned(),
            },
            Err(error) => error,
        };
        report.without(&order.claims, error)
    }
}

/// An instance of an earlier call, as if it had just been launched.
fn recognise(instance: &Instance, wish: &LaunchWish) -> Launched {
    let held = Held::of(instance);
    let kind = wish.types.iter().find(|one| one.name == instance.instance_type);
    let id = held.reservation.as_ref().map(|(id, ..)| id.as_str());
    let offering = kind.into_iter().flat_map(|one| &one.offerings).find(|one| {
        one.zone == instance.zone
            && one.capacity_type == held.capacity_type
            && one.reservation_id() == id
    });
    Launched {
        id: instance.id.clone(),
        instance_type: instance.instance_type.clone(),
        zone: instance.zone.clone(),
        zone_id: zone_id(wish, &instance.zone),
        capacity_type: held.capacity_type,
        reservation: offering.and_then(|one| one.reservation.clone()),
        image: instance.image.clone(),
        price: offering.map(|one| one.price),
        launched: instance.launched,
    }
}

impl LaunchReport {
    /// The report with claims that have got nothing.
    fn without(mut self, claims: &[String], error: CloudError) -> Self {
        if !claims.is_empty() {
            self.without.extend_from_slice(claims);
            self.error = Some(error);
        }
        self
    }

    /// One instance for each claim, in the order of both.
    fn deal_out(mut self, answer: Answer, order: &LaunchOrder) -> Self {
        let mut launched = answer.launched;
        // An answer that EC2 has given before tells of instances that others have got.
        launched.retain(|one| !order.taken.contains(&one.id));
        launched.sort_by(|a, b| a.id.cmp(&b.id));
        let mut claims = order.claims.iter().cloned();
        for instance in launched {
            match claims.next() {
                Some(claim) => self.launched.push((claim, instance)),
                None => self.surplus.push(instance.id),
            }
        }
        let left: Vec<String> = claims.collect();
        self.without(&left, answer.error)
    }
}
