#!/bin/sh
# Makes Kundresa's namespace and its two search attributes, where they are missing. May run again.
set -eu

until temporal operator cluster health 2>/dev/null | grep -q SERVING; do
    echo "Waiting for Temporal at $TEMPORAL_ADDRESS"
    sleep 2
done

# The commands that make or change a namespace do not read TEMPORAL_NAMESPACE: they would mean "default".
if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
    temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi

# One at a time: of several names in one call, only the first is made. A new namespace is known to every part of the
# server after some seconds, so it may take several tries.
for attribute in JourneyId JourneyStage; do
    until temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" | grep -qw "$attribute"; do
        temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --type Keyword --name "$attribute" ||
            sleep 2
    done
done
echo "Namespace $TEMPORAL_NAMESPACE is ready"
