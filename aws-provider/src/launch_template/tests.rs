use super::*;
use crate::memory::{MemoryEc2, now, refusal};

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn template(image: &str) -> Template {
    let data = LaunchTemplateData { image: image.to_owned(), ..LaunchTemplateData::default() };
    Template { tags: tags::for_launch("demo", "general", "default", &Tags::new()), data }
}

fn templates(ec2: &MemoryEc2, images: &[&str]) -> LaunchTemplates {
    let templates = LaunchTemplates::new("demo");
    let all: Vec<Template> = images.iter().map(|image| template(image)).collect();
    now(templates.ensure(ec2, &all, at(0))).expect("the account creates templates");
    templates
}

#[test]
fn a_name_follows_from_content_and_cluster() {
    let name = |image, cluster| template(image).name(cluster);
    assert_eq!(name("ami-1", "demo"), "karpenter.k8s.aws/16938918399074406633");
    assert_ne!(name("ami-1", "demo"), name("ami-2", "demo"));
    assert_ne!(name("ami-1", "demo"), name("ami-1", "other"));
}

#[test]
fn a_template_is_made_once() {
    let ec2 = MemoryEc2::default();
    let templates = templates(&ec2, &["ami-1", "ami-1"]);
    now(templates.ensure(&ec2, &[template("ami-1")], at(30))).unwrap();
    assert_eq!(ec2.account().calls, ["DescribeLaunchTemplates", "CreateLaunchTemplate"]);
}

#[test]
fn a_template_that_is_there_already_is_used() {
    let ec2 = MemoryEc2::default();
    templates(&ec2, &["ami-1"]);
    ec2.account().calls.clear();
    templates(&ec2, &["ami-1"]);
    assert_eq!(ec2.account().calls, ["DescribeLaunchTemplates"]);
}

#[test]
fn a_template_that_nobody_used_for_a_minute_is_deleted() {
    let ec2 = MemoryEc2::default();
    let templates = templates(&ec2, &["ami-1", "ami-2"]);
    now(templates.ensure(&ec2, &[template("ami-2")], at(30))).unwrap();
    assert_eq!(now(templates.collect(&ec2, at(60))), []);
    let kept: Vec<String> = ec2.account().templates.keys().cloned().collect();
    assert_eq!(kept, [template("ami-2").name("demo")]);
}

#[test]
fn templates_of_an_earlier_process_are_collected() {
    let ec2 = MemoryEc2::default();
    templates(&ec2, &["ami-1"]);
    let next = LaunchTemplates::new("demo");
    assert_eq!(now(next.hydrate(&ec2, at(100))), Ok(1));
    now(next.collect(&ec2, at(160)));
    assert!(ec2.account().templates.is_empty());
}

#[test]
fn what_cannot_be_deleted_is_told_and_tried_again() {
    let ec2 = MemoryEc2::default();
    let templates = templates(&ec2, &["ami-1", "ami-2"]);
    let denied = refusal("DeleteLaunchTemplate", "UnauthorizedOperation");
    ec2.account().failures.insert("DeleteLaunchTemplate", vec![denied]);
    assert_eq!(now(templates.collect(&ec2, at(60))).len(), 1);
    assert_eq!(ec2.account().templates.len(), 1);
    now(templates.collect(&ec2, at(61)));
    assert!(ec2.account().templates.is_empty());
}

#[test]
fn a_class_that_goes_away_takes_its_own_templates_along() {
    let ec2 = MemoryEc2::default();
    let templates = templates(&ec2, &["ami-1"]);
    let foreign = tags::for_launch("demo", "general", "other", &Tags::new());
    let data = LaunchTemplateData::default();
    now(ec2.create_launch_template("foreign", &foreign, &data)).unwrap();
    assert_eq!(now(templates.delete_of_class(&ec2, "default")), Ok(()));
    assert_eq!(ec2.account().templates.keys().collect::<Vec<_>>(), ["foreign"]);
}

#[test]
fn a_class_stays_while_a_template_cannot_be_deleted() {
    let ec2 = MemoryEc2::default();
    let templates = templates(&ec2, &["ami-1"]);
    let failures = vec![refusal("DeleteLaunchTemplate", "RequestLimitExceeded")];
    ec2.account().failures.insert("DeleteLaunchTemplate", failures);
    let errors = now(templates.delete_of_class(&ec2, "default")).unwrap_err();
    assert!(matches!(errors[..], [CloudError::Throttled(_)]));
}
