package import Signing

/// Keys and policies in the form in which a process without its own fetches them: the text of the key file and, if
/// there are policies, that of the policy file after it. An older process that does not know of policies cannot parse
/// that, and so accepts no key, rather than ignoring the policies. Users whose policies were lost are among those with
/// policies, so no key needs a mark.
package enum IdentityText {
    /// The text that such a process is sent; `box` seals the secrets.
    package static func text(_ keys: [AccessKey], _ policies: UserPolicyFile.Policies, box: SecretBox) -> String {
        let keys = keys.map { key in
            var key = key
            key.isRestricted = false
            return key
        }
        return AccessKeyFile.text(keys, box: box) + (policies.isEmpty ? "" : UserPolicyFile.text(policies))
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
