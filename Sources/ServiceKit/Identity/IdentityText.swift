package import Signing

/// Keys and policies on their way to a process that has none of its own: the file of keys, and behind it that of
/// policies where there are any. A process that knows of no policies cannot read them, and so believes no key.
package enum IdentityText {
    /// What such a process is told; `box` seals the secrets.
    package static func text(_ keys: [AccessKey], _ policies: UserPolicyFile.Policies, box: SecretBox) -> String {
        AccessKeyFile.text(keys, box: box) + (policies.isEmpty ? "" : UserPolicyFile.text(policies))
    }

    static func read(
        _ text: String, box: SecretBox
    ) throws(IdentityFileError) -> ([AccessKey], UserPolicyFile.Policies) {
        let border = text.utf8.firstRange(of: "\n\(UserPolicyFile.header)\n".utf8)
        let keys: [AccessKey]
        do throws(AccessKeyFileError) {
            let part = border.map { text[..<$0.lowerBound] } ?? text[...]
            keys = try AccessKeyFile.keys(in: String(part), path: "the gateway's keys", box: box)
        } catch {
            throw .keys(error)
        }
        guard let border else { return (keys, [:]) }
        do throws(UserPolicyFileError) {
            let part = text[text.utf8.index(after: border.lowerBound)...]
            return (keys, try UserPolicyFile.policies(in: part, path: "the gateway's policies"))
        } catch {
            throw .policies(error)
        }
    }
}
