internal import Primitives
internal import ServiceKit

/// The rule that names of users are not distinguished by case: a policy for `Ana` would else leave `ana` as it is.
///
/// Users whose names differ in case alone, from before there was this rule, stay as they are.
/// - Source: IAM API Reference, CreateUser, `UserName`.
enum UserNames {
    /// Checks the name of a user who gets a key or a policy.
    /// - Throws: when another user of the account has the name in another case.
    static func check(_ user: UserReference, among users: Set<UserReference>) throws(StartError) {
        guard !users.contains(user) else { return }
        let name = user.name.lowercased()
        guard let other = users.first(where: { $0.account == user.account && $0.name.lowercased() == name }) else {
            return
        }
        throw StartError(
            .usage, "there is a user \(other.name) already, and names of users are not distinguished by case")
    }
}
