internal import DynamoDBValues
internal import Primitives

/// The manifests of a bulk operation's reports, in the form of those of exports.
///
/// DEVIATION: AWS's names of the members are not known.
enum BulkManifest {
    /// One line of `manifest-files.json`.
    static func file(_ report: BulkReport, key: String, itemCount: Int, _ bytes: [UInt8]) -> [UInt8] {
        let md5 = ContentMD5.digest(bytes)
        var text = JSONObjectText()
        text.add("outputType", report.rawValue)
        text.add("itemCount", itemCount)
        text.add("md5Checksum", Base64.encode(md5))
        text.add("etag", Hex.encode(md5))
        text.add("dataFileS3Key", key)
        return text.bytes
    }

    /// `manifest-summary.json`.
    static func summary(_ own: BulkDescriptor) -> [UInt8] {
        var text = JSONObjectText()
        text.add("bulkOperationArn", own.arn)
        text.add("bulkOperationStatus", own.state.rawValue)
        text.add("startTime", ExportManifest.shown(own.start))
        text.add("endTime", own.end.map(ExportManifest.shown))
        text.add("tableArn", own.tableARN)
        text.add("tableId", own.tableID)
        text.add("inputS3Bucket", own.input.bucket)
        text.add("inputS3KeyPrefix", own.input.prefix)
        text.add("outputS3Bucket", own.output.bucket)
        text.add("outputS3KeyPrefix", own.output.prefix)
        text.add("s3SseAlgorithm", own.output.encryption)
        text.add("s3SseKmsKeyId", own.output.encryptionKey)
        text.add("manifestFilesS3Key", own.objectKey("manifest-files.json"))
        text.add("processedItemCount", own.processedCount)
        text.add("failedItemCount", own.failedCount)
        text.add("conditionCheckFailureCount", own.conditionFailureCount)
        return text.bytes
    }
}
